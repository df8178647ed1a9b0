// docker-registry over TLS, and nginx in front of it with HTTP/2.
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "lab_files.h"
#include "nginx.h"
#include "registry_lab_fixture.h"

namespace tagdrift::lab {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RegistryTls : public RegistryLab {
 protected:
  RegistryTls() : certificates_(MakeCertificates(LabRoot() + "/tls")) {}

  Certificates certificates_;
};

TEST_F(RegistryTls, IsTrustedByItsPrivateCa) {
  Registry registry("private-ca", {.certificates = certificates_});
  const Artifact image = PushTo(registry, "app");
  registry.TakeRequests();
  Open();
  const auto host = HostOf(registry);
  host->ca = {Pem(certificates_.ca)};
  const hosts::Answer answer = AskOne(host, "app");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.digest_header, image.digest());
  EXPECT_EQ(answer.access, Access::kOpen);
  EXPECT_THAT(registry.TakeRequests(), ElementsAre("HEAD /v2/app/manifests/v1 200"));
}

TEST_F(RegistryTls, IsRefusedWithoutItsCa) {
  Registry registry("private-ca", {.certificates = certificates_});
  PushTo(registry, "app");
  registry.TakeRequests();
  Open();
  const hosts::Answer answer = AskOne(HostOf(registry), "app");
  EXPECT_EQ(answer.failure, Failure::kTls);
  EXPECT_THAT(answer.failure_detail, HasSubstr("unable to get local issuer certificate"));
  EXPECT_EQ(answer.status, 0);
  EXPECT_THAT(registry.TakeRequests(), IsEmpty());
}

TEST_F(RegistryTls, IsNotVerifiedWhereConfigurationSaysSo) {
  Registry registry("private-ca", {.certificates = certificates_});
  const Artifact image = PushTo(registry, "app");
  Open();
  const auto host = HostOf(registry);
  host->skip_verify = true;
  EXPECT_EQ(AskOne(host, "app").digest_header, image.digest());
}

TEST_F(RegistryTls, OpensToItsClientCertificate) {
  Registry registry("client-certificate", {.certificates = certificates_, .client_ca = certificates_.ca});
  const Artifact image = PushTo(registry, "app");
  registry.TakeRequests();
  Open();
  const auto host = HostOf(registry);
  host->ca = {Pem(certificates_.ca)};
  host->clients = {{.certificate = Pem(certificates_.certificate), .key = Pem(certificates_.key)}};
  const hosts::Answer answer = AskOne(host, "app");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.digest_header, image.digest());
  EXPECT_THAT(registry.TakeRequests(), ElementsAre("HEAD /v2/app/manifests/v1 200"));
}

TEST_F(RegistryTls, IsClosedWithoutItsClientCertificate) {
  Registry registry("client-certificate", {.certificates = certificates_, .client_ca = certificates_.ca});
  PushTo(registry, "app");
  registry.TakeRequests();
  const Certificates stranger = MakeCertificates(LabRoot() + "/tls-stranger");
  Open();
  const auto without = HostOf(registry);
  without->ca = {Pem(certificates_.ca)};
  const auto with_anothers = HostOf(registry);
  with_anothers->ca = without->ca;
  with_anothers->clients = {{.certificate = Pem(stranger.certificate), .key = Pem(stranger.key)}};
  for (const auto& host : {without, with_anothers}) {
    const hosts::Answer answer = AskOne(host, "app");
    // The registry says why and closes at once, which may take its words along.
    EXPECT_THAT(answer.failure, AnyOf(Failure::kTls, Failure::kClosed)) << answer.failure_detail;
    EXPECT_FALSE(answer.digest_header.has_value());
    EXPECT_EQ(answer.status, 0);
  }
  EXPECT_THAT(registry.TakeRequests(), IsEmpty());
}

TEST_F(RegistryTls, CarriesManyTagsOverOneHttp2Connection) {
  constexpr int kTags = 60;
  Registry backend("behind-nginx");
  const Artifact image = PushTo(backend, "app");
  for (int i = 0; i < kTags; ++i) backend.Push("app", "t" + std::to_string(i), image);
  const int port = FreePort();
  const Nginx front = Http2Front("http2-front", port, backend.host(), certificates_);
  backend.TakeRequests();
  Open();
  const auto host = HostAt("127.0.0.1:" + std::to_string(port), "https");
  host->ca = {Pem(certificates_.ca)};
  for (int i = 0; i < kTags; ++i) Ask(host, "app", registry::Question::kResolve, "t" + std::to_string(i));
  for (int i = 0; i < kTags; ++i) EXPECT_EQ(Next().second.answer.digest_header, image.digest());

  EXPECT_EQ(client_->counts().connections, 1U);
  EXPECT_EQ(backend.TakeRequests().size(), static_cast<std::size_t>(kTags));
  std::istringstream lines(front.AccessLog());
  std::set<std::string> connections;
  for (std::string connection, protocol, status, uri; lines >> connection >> protocol >> status >> uri;) {
    if (uri == "/v2/") continue;  // the lab's own question whether nginx is up
    connections.insert(connection);
    EXPECT_EQ(protocol, "HTTP/2.0") << uri;
  }
  EXPECT_EQ(connections.size(), 1U);
}

}  // namespace
}  // namespace tagdrift::lab
