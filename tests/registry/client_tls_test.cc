#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client_fixture.h"
#include "test_certificates.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;

class ClientTls : public ClientTest {
 protected:
  std::shared_ptr<hosts::RegistryHost> HostWithCa(const TestServer& server, const TestAuthority& authority) {
    auto host = HostAt(server.Authority(), "https");
    host->ca = {{.path = "ca.crt", .bytes = authority.Certificate()}};
    return host;
  }

  const TestAuthority authority_;
  const TestServer::Answer manifest_ = [](const Received&) { return ReplyManifest(); };
};

TEST_F(ClientTls, TrustsTheHostsOwnCa) {
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  Open();
  const auto host = HostWithCa(server, authority_);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(AnswerOf(host).status, 200);
  EXPECT_EQ(server.connections(), 1) << "one handshake";
}

TEST_F(ClientTls, TrustsNobodyElse) {
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  Open();
  const hosts::Answer answer = AnswerOf(HostAt(server.Authority(), "https"));
  EXPECT_EQ(answer.failure, Failure::kTls);
  EXPECT_THAT(answer.failure_detail, testing::HasSubstr("unable to get local issuer certificate"));
  EXPECT_TRUE(server.received().empty());
}

/// A network whose CA bundle has these certificates and a block that holds none.
Network WithBundle(const std::vector<std::string>& certificates) {
  Network network;
  network.ca_pem = "# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const std::string& certificate : certificates) network.ca_pem += certificate;
  return network;
}

TEST_F(ClientTls, FindsTheAuthorityInABundleAmongOthersOfItsName) {
  const TestAuthority other;
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  TestServer others(manifest_, other.Issue("IP:127.0.0.1"));
  TestServer strangers(manifest_, TestAuthority().Issue("IP:127.0.0.1"));
  Open({}, NoCredentials(), WithBundle({other.Certificate(), authority_.Certificate()}));
  EXPECT_EQ(AnswerOf(HostAt(server.Authority(), "https")).status, 200);
  EXPECT_EQ(AnswerOf(HostAt(others.Authority(), "https")).status, 200);
  EXPECT_EQ(AnswerOf(HostAt(strangers.Authority(), "https")).failure, Failure::kTls);
}

TEST_F(ClientTls, TrustsTheBundleBesideAHostsOwnCaOfTheSameName) {
  const TestAuthority other;
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  Open({}, NoCredentials(), WithBundle({authority_.Certificate()}));
  EXPECT_EQ(AnswerOf(HostWithCa(server, other)).status, 200);
}

TEST_F(ClientTls, SkipsVerificationOnlyWhereConfigured) {
  TestServer server(manifest_, authority_.Issue("DNS:other.example"));
  Open();
  const auto careless = HostAt(server.Authority(), "https");
  careless->skip_verify = true;
  EXPECT_EQ(AnswerOf(careless).status, 200);
  EXPECT_EQ(AnswerOf(HostAt(server.Authority(), "https")).failure, Failure::kTls);
}

TEST_F(ClientTls, NamesAnExpiredCertificate) {
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1", -1));
  Open();
  const hosts::Answer answer = AnswerOf(HostWithCa(server, authority_));
  EXPECT_EQ(answer.failure, Failure::kTls);
  EXPECT_EQ(answer.failure_detail, "certificate has expired");
}

TEST_F(ClientTls, TakesTheNameFromTheAlternativeNamesOnly) {
  TestServer other(manifest_, authority_.Issue("DNS:other.example"));
  TestServer common(manifest_, authority_.Issue(""));
  Open();
  for (const TestServer* server : {&other, &common}) {
    const hosts::Answer answer = AnswerOf(HostWithCa(*server, authority_));
    EXPECT_EQ(answer.failure, Failure::kTls);
    EXPECT_EQ(answer.failure_detail, "certificate is not for this host");
  }
}

TEST_F(ClientTls, FallsBackToHttpAndRemembersIt) {
  TestServer server(manifest_);
  Open();
  const auto host = HostAt(server.Authority(), "https");
  host->http_fallback = true;
  for (int i = 0; i < 20; ++i) Ask(host);
  for (int i = 0; i < 20; ++i) {
    const hosts::Answer answer = Next().second.answer;
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.over_http);
  }
  EXPECT_EQ(server.received().size(), 20U);
  EXPECT_EQ(client_->counts().requests, 21U) << "one attempt over https";
}

TEST_F(ClientTls, DoesNotFallBackUnasked) {
  TestServer server(manifest_);
  Open();
  const hosts::Answer answer = AnswerOf(HostAt(server.Authority(), "https"));
  EXPECT_EQ(answer.failure, Failure::kTls);
  EXPECT_EQ(answer.failure_detail, "server does not speak TLS");
  EXPECT_TRUE(server.received().empty());
}

TEST_F(ClientTls, DoesNotFallBackFromABadCertificate) {
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  Open();
  const auto host = HostAt(server.Authority(), "https");
  host->http_fallback = true;
  EXPECT_EQ(AnswerOf(host).failure, Failure::kTls);
}

TEST_F(ClientTls, ShowsItsClientCertificate) {
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  server.DemandClientCertificate(authority_.Certificate());
  Open();
  const auto with = HostWithCa(server, authority_);
  const auto pair = authority_.Issue("DNS:node");
  with->clients = {
      {.certificate = {.path = "c", .bytes = pair->certificate}, .key = {.path = "k", .bytes = pair->key}}};
  EXPECT_EQ(AnswerOf(with).status, 200);
  EXPECT_EQ(AnswerOf(HostWithCa(server, authority_)).failure, Failure::kTls);
}

TEST_F(ClientTls, SaysThatAClientKeyCannotBeUsed) {
  TestServer server(manifest_, authority_.Issue("IP:127.0.0.1"));
  Open();
  const auto host = HostWithCa(server, authority_);
  host->clients = {{.certificate = {.path = "c", .bytes = "junk"}, .key = {.path = "k", .bytes = "junk"}}};
  const hosts::Answer answer = AnswerOf(host);
  EXPECT_EQ(answer.failure, Failure::kTls);
  EXPECT_EQ(answer.failure_detail, "client certificate or key cannot be used");
}

}  // namespace
}  // namespace tagdrift::registry
