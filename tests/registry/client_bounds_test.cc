// A client that lives for weeks while everything around it changes.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "client_fixture.h"
#include "manual_clock.h"
#include "test_certificates.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Weeks : public ClientTest {
 protected:
  void Open() {
    Client::Options options;
    options.clock = clock_;
    ClientTest::Open(std::move(options), std::make_shared<OneCredential>());
    batch_.reset();
  }

  /// One round of one question to each of `hosts`.
  void Round(const Network& network, const std::vector<std::shared_ptr<hosts::RegistryHost>>& hosts) {
    batch_ = client_->Open(RateClass::kBackground, std::make_shared<Network>(network), {});
    for (const auto& host : hosts) Ask(host);
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      const hosts::Answer answer = Next().second.answer;
      EXPECT_EQ(answer.status, 200) << answer.failure_detail;
    }
    batch_.reset();
  }

  /// What is in use when the time has passed is given up soon after: threads first, then what they used.
  void Pass(std::chrono::nanoseconds time) {
    clock_->AdvanceAndWait(time);
    for (int i = 0; i < 3; ++i) clock_->AdvanceAndWait(minutes(1));
  }

  /// A thread that gets the processor late is idle from then on: it has up to twenty minutes more.
  bool HasNoThreads() {
    for (int i = 0; i < 20 && client_->counts().threads > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      clock_->AdvanceAndWait(minutes(1));
    }
    clock_->AdvanceAndWait(minutes(1));
    return client_->counts().threads == 0;
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
};

/// Wants a token of its own realm for each name that it is asked by.
Scripted Guarded(const Received& request) {
  if (request.target.starts_with("/token")) return Reply200(request, "", R"({"access_token":"T","expires_in":3600})");
  if (request.headers.contains("authorization")) return ReplyManifest();
  const std::string name = request.headers.at("host");
  return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://" + name + "/token/" + name +
                     "\",service=\"s\"\r\n");
}

TEST_F(Weeks, HoldNoMoreThanItsBounds) {
  TestServer server(Guarded);
  Open();
  const std::string port = ":" + std::to_string(server.port());
  for (int round = 0; round < 150; ++round) {
    std::vector<std::shared_ptr<hosts::RegistryHost>> hosts;
    for (int i = 0; i < 4; ++i) {
      hosts.push_back(HostAt("r" + std::to_string(round) + "-" + std::to_string(i) + ".localhost" + port));
    }
    Round({.proxy_environment = {}, .ca_pem = "# bundle " + std::to_string(round)}, hosts);
    clock_->Advance(seconds(1));
    const Client::Counts counts = client_->counts();
    ASSERT_LE(counts.threads, 64U);
    ASSERT_LE(counts.endpoints, 500U);
    ASSERT_LE(counts.tokens, 1000U);
    ASSERT_LE(counts.logins, 1000U);
    ASSERT_LE(counts.credentials, 1000U);
    ASSERT_EQ(counts.batches, 0U);
    ASSERT_EQ(counts.under_way, 0U);
    ASSERT_EQ(counts.hosts, 0U);
  }
  EXPECT_EQ(client_->counts().token_requests, 600U) << "each has its own";
}

TEST_F(Weeks, ForgetWhatIsNoLongerAsked) {
  TestServer server(Guarded);
  Open();
  const auto host = HostAt(server.Authority());
  Round({}, {host});
  Pass(minutes(2));
  EXPECT_TRUE(HasNoThreads()) << "idle threads end";
  Client::Counts counts = client_->counts();
  EXPECT_EQ(counts.endpoints, 1U);
  EXPECT_EQ(counts.tokens, 1U);
  Round({}, {host});
  EXPECT_EQ(server.Count("HEAD"), 3) << "challenge and token are known without the threads";
  Pass(hours(3));
  EXPECT_TRUE(HasNoThreads());
  counts = client_->counts();
  EXPECT_EQ(counts.endpoints, 0U);
  EXPECT_EQ(counts.tokens, 0U);
  EXPECT_EQ(counts.logins, 0U);
  EXPECT_EQ(counts.credentials, 0U);
  EXPECT_EQ(counts.trust_stores, 0U);
  Round({}, {host});
}

TEST_F(Weeks, KeepWhatIsInUse) {
  std::atomic<bool> hang = false;
  TestServer server([&](const Received& request) { return hang ? Scripted{.bytes = ""} : Guarded(request); });
  Open();
  const auto host = HostAt(server.Authority());
  Round({}, {host});
  hang = true;
  batch_ = client_->Open(RateClass::kBackground, nullptr, {});
  Ask(host);
  for (int i = 0; i < 10; ++i) clock_->AdvanceAndWait(hours(1));
  const Client::Counts counts = client_->counts();
  EXPECT_EQ(counts.under_way, 1U);
  EXPECT_GE(counts.threads, 1U);
  EXPECT_EQ(counts.endpoints, 1U);
}

TEST_F(Weeks, FreeTrustStoresWithTheirConnections) {
  const TestAuthority authority;
  TestServer server([](const Received&) { return ReplyManifest(); }, authority.Issue("IP:127.0.0.1"));
  Open();
  for (int round = 0; round < 60; ++round) {
    const auto host = HostAt(server.Authority(), "https");
    host->ca = {{.path = "ca", .bytes = "# " + std::to_string(round) + "\n" + authority.Certificate()}};
    Round({.proxy_environment = {}, .ca_pem = "# bundle " + std::to_string(round)}, {host});
    ASSERT_LE(client_->counts().trust_stores, 32U);
  }
  EXPECT_GE(client_->counts().trust_stores, 1U);
  Pass(minutes(2));
  EXPECT_EQ(client_->counts().trust_stores, 0U);
}

}  // namespace
}  // namespace tagdrift::registry
