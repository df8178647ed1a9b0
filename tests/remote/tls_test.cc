// An agent on TCP: mutual TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "node/temporary_folder.h"
#include "registry/test_certificates.h"
#include "scripted_agent.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::remote {
namespace {

using registry::ServerPair;
using registry::TestAuthority;
using testing::HasSubstr;

const ScriptedAgent::Script kAnswers{.get_report = [](const v1::GetReportRequest&, v1::GetReportResponse& response) {
  response.mutable_report()->set_node("node-7");
  return grpc::Status::OK;
}};

std::shared_ptr<grpc::ServerCredentials> MutualTls(const TestAuthority& authority, const ServerPair& pair) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = authority.Certificate();
  options.pem_key_cert_pairs.push_back({pair.key, pair.certificate});
  return grpc::SslServerCredentials(options);
}

/// An agent with a certificate for `names`, and a client's files.
struct Scene {
  explicit Scene(const std::string& names = "DNS:tagdrift.corp", int days = 1)
      : agent(kAnswers, MutualTls(authority, *authority.Issue(names, days))) {
    Write(authority, authority);
  }

  void Write(const TestAuthority& trusted, const TestAuthority& of_client) {
    const auto pair = of_client.Issue("DNS:client");
    folder.Write("ca.pem", trusted.Certificate());
    folder.Write("tls.crt", pair->certificate);
    folder.Write("tls.key", pair->key);
  }

  absl::Status Asked(const std::string& server_name = "tagdrift.corp", const std::string& address = "") const {
    const TlsFiles tls{folder.path() + "/ca.pem", folder.path() + "/tls.crt", folder.path() + "/tls.key", server_name};
    return Client::Connect(*ParseAddress(address.empty() ? agent.address() : address, tls)).GetReport({}, {}).status();
  }
  std::string Failure(const std::string& server_name = "tagdrift.corp", const std::string& address = "") const {
    return std::string(Asked(server_name, address).message());
  }

  TestAuthority authority;
  ScriptedAgent agent;
  node::TemporaryFolder folder;
};

TEST(Tls, ServesAClientOfItsAuthorityByTheSharedName) {
  const Scene scene;
  EXPECT_TRUE(scene.Asked().ok()) << scene.Asked();
}

TEST(Tls, TakesTheAddressForTheNameWhereNoneIsSaid) {
  const Scene scene("IP:127.0.0.1");
  EXPECT_TRUE(scene.Asked("").ok()) << scene.Asked("");
}

TEST(Tls, SaysThatTheAgentIsOfAnotherAuthority) {
  Scene scene;
  const TestAuthority other;
  scene.Write(other, scene.authority);
  EXPECT_THAT(scene.Failure(), HasSubstr("not of the authority in " + scene.folder.path() + "/ca.pem"));
  EXPECT_TRUE(absl::IsUnavailable(scene.Asked()));
}

TEST(Tls, SaysThatTheCertificateHasExpired) {
  const Scene scene("DNS:tagdrift.corp", -1);
  EXPECT_THAT(scene.Failure(), HasSubstr("or is not valid now"));
}

TEST(Tls, SaysThatTheCertificateIsForAnotherName) {
  const Scene scene;
  EXPECT_THAT(scene.Failure(""), HasSubstr("--tls-server-name"));
  EXPECT_THAT(scene.Failure("other.corp"), HasSubstr("another name than other.corp"));
}

TEST(Tls, SaysThatTheAgentDoesNotTakeOurCertificate) {
  Scene scene;
  const TestAuthority other;
  scene.Write(scene.authority, other);
  EXPECT_THAT(scene.Failure(), HasSubstr("does it accept the certificate " + scene.folder.path() + "/tls.crt"));
}

TEST(Tls, SaysThatThePortDoesNotSpeakIt) {
  const Scene scene;
  const ScriptedAgent plain(kAnswers, grpc::InsecureServerCredentials());
  EXPECT_THAT(scene.Failure("tagdrift.corp", plain.address()), HasSubstr("is no"));
}

TEST(Tls, SaysThatNobodyListens) {
  const Scene scene;
  std::string address;
  { address = ScriptedAgent(kAnswers, grpc::InsecureServerCredentials()).address(); }
  EXPECT_THAT(scene.Failure("tagdrift.corp", address), HasSubstr("no agent listens at " + address));
}

TEST(Tls, NamesTheFileThatIsNotThereOrIsNone) {
  Scene scene;
  scene.folder.Write("tls.key", "secret");
  EXPECT_THAT(scene.Failure(), HasSubstr("--tls-key " + scene.folder.path() + "/tls.key: no PEM file"));
  EXPECT_THAT(scene.Failure(), testing::Not(HasSubstr("secret")));
  ASSERT_EQ(std::remove((scene.folder.path() + "/tls.key").c_str()), 0);
  EXPECT_THAT(scene.Failure(), HasSubstr("tls.key: No such file or directory"));
}

TEST(Tls, SaysThatKeyAndCertificateAreNoPair) {
  Scene scene;
  scene.folder.Write("tls.key", scene.authority.Issue("DNS:client")->key);
  EXPECT_THAT(scene.Failure(), HasSubstr("--tls-cert and --tls-key"));
}

}  // namespace
}  // namespace tagdrift::remote
