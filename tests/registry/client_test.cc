#include "tagdrift/registry/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <set>

#include "client_fixture.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::HasSubstr;

TEST_F(ClientTest, AsksTwoHundredTagsWithTwoHundredHeads) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Open();
  const auto host = HostAt(server.Authority());
  std::set<std::uint64_t> open;
  for (int i = 0; i < 200; ++i)
    open.insert(Ask(host, "team/app" + std::to_string(i % 50), Question::kResolve, "v" + std::to_string(i)));
  while (!open.empty()) {
    const auto [ticket, reply] = Next();
    ASSERT_EQ(open.erase(ticket), 1U);
    EXPECT_EQ(reply.answer.status, 200);
  }
  EXPECT_EQ(server.received().size(), 200U);
  EXPECT_EQ(server.Count("HEAD"), 200);
  EXPECT_LE(server.connections(), 8);
  EXPECT_EQ(client_->counts().requests, 200U);
  EXPECT_EQ(client_->counts().token_requests, 0U);
}

TEST_F(ClientTest, ReusesItsConnection) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Open();
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(AnswerOf(host).status, 200);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client_->counts().connections, 1U);
}

TEST_F(ClientTest, SendsTheRequestAsContainerdDoes) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Open();
  batch_->Send(1, {.host = HostAt(server.Authority()),
                   .registry = "docker.io",
                   .repository = "library/nginx",
                   .object = "1.27",
                   .media_type = {}});
  Next();
  const Received request = server.received().at(0);
  EXPECT_EQ(request.target, "/v2/library/nginx/manifests/1.27?ns=docker.io");
  EXPECT_THAT(request.headers.at("accept"),
              testing::StartsWith("application/vnd.docker.distribution.manifest.v2+json, "));
  EXPECT_EQ(request.headers.at("user-agent"), "tagdrift/test");
  EXPECT_EQ(request.headers.size(), 3U) << "Host, Accept and User-Agent only";
}

TEST_F(ClientTest, AsksOverIpv6) {
  TestServer server([](const Received&) { return ReplyManifest(); }, nullptr, TestServer::Family::kV6);
  if (server.port() == 0) GTEST_SKIP() << "this machine has no IPv6 loopback address";
  Open();
  EXPECT_EQ(AnswerOf(HostAt(server.Authority())).status, 200);
  EXPECT_EQ(server.received().at(0).headers.at("host"), server.Authority());
}

TEST_F(ClientTest, FirstContactIsOneRequestAlone) {
  std::latch first_arrived(1);
  std::latch release(1);
  TestServer server([&](const Received& request) {
    if (request.connection == 1 && request.on_connection == 1) {
      first_arrived.count_down();
      release.wait();
    }
    return ReplyManifest();
  });
  Open();
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 20; ++i) Ask(host);
  first_arrived.wait();
  EXPECT_EQ(server.received().size(), 1U);
  EXPECT_EQ(client_->counts().requests, 1U);
  release.count_down();
  for (int i = 0; i < 20; ++i) Next();
  EXPECT_EQ(server.received().size(), 20U);
}

TEST_F(ClientTest, ASlowHostDoesNotDelayTheOthers) {
  std::latch release(1);
  TestServer slow([&](const Received&) {
    release.wait();
    return ReplyManifest();
  });
  TestServer fast([](const Received&) { return ReplyManifest(); });
  Open();
  const std::uint64_t slow_ticket = Ask(HostAt(slow.Authority()));
  for (int i = 0; i < 50; ++i) Ask(HostAt(fast.Authority()));
  for (int i = 0; i < 50; ++i) EXPECT_NE(Next().first, slow_ticket);
  release.count_down();
  EXPECT_EQ(Next().first, slow_ticket);
}

TEST_F(ClientTest, ADeadHostIsTriedOnceForAllThatWait) {
  int port = 0;
  {
    TestServer gone([](const Received&) { return ReplyManifest(); });
    port = gone.port();
  }
  Open();
  for (int i = 0; i < 20; ++i) Ask(HostAt("127.0.0.1:" + std::to_string(port)));
  for (int i = 0; i < 20; ++i) {
    const hosts::Answer answer = Next().second.answer;
    EXPECT_EQ(answer.failure, Failure::kConnect);
    EXPECT_EQ(answer.failure_detail, "connection refused");
  }
  EXPECT_EQ(client_->counts().requests, 1U);
}

TEST_F(ClientTest, ServesMoreHostsThanItHasThreads) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Open();
  // A different dial timeout makes a different endpoint.
  for (int i = 0; i < 80; ++i) {
    const auto host = HostAt(server.Authority());
    host->dial_timeout = absl::Seconds(30 + i);
    Ask(host);
    Ask(host);
  }
  for (int i = 0; i < 160; ++i) EXPECT_EQ(Next().second.answer.status, 200);
}

/// Wants a token per repository; "good-<repository>" is one.
Scripted GuardedRegistry(const Received& request, const std::string& realm) {
  if (request.target.starts_with("/token")) {
    const std::size_t name = request.target.find("repository%3A") + 13;
    const std::string repository = request.target.substr(name, request.target.find("%3Apull") - name);
    return Reply200(request, "", R"({"token":"good-)" + repository + R"(","expires_in":300})");
  }
  const std::string repository = request.target.substr(4, request.target.find("/manifests") - 4);
  const auto authorization = request.headers.find("authorization");
  if (authorization != request.headers.end() && authorization->second == "Bearer good-" + repository)
    return ReplyManifest();
  return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"" + realm +
                     "\",service=\"s\",scope=\"repository:" + repository + ":pull\"\r\n");
}

TEST_F(ClientTest, FetchesOneTokenPerRepositoryAndMeetsOneChallenge) {
  TestServer server([](const Received& request) { return GuardedRegistry(request, "/token"); });
  Open();
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 200; ++i) Ask(host, "app" + std::to_string(i % 10), Question::kResolve, "v" + std::to_string(i));
  for (int i = 0; i < 200; ++i) {
    const hosts::Answer answer = Next().second.answer;
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.access, Access::kAnonymousToken);
  }
  EXPECT_EQ(server.Count("HEAD"), 201) << "one challenge at first contact";
  EXPECT_EQ(server.Count("GET"), 10) << "one token per repository";
  EXPECT_EQ(client_->counts().token_requests, 10U);
}

TEST_F(ClientTest, AsksADeadTokenServerOnce) {
  int port = 0;
  {
    TestServer gone([](const Received&) { return ReplyManifest(); });
    port = gone.port();
  }
  const std::string realm = "http://127.0.0.1:" + std::to_string(port) + "/token";
  TestServer server([realm](const Received& request) { return GuardedRegistry(request, realm); });
  Open();
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 20; ++i) Ask(host, "app" + std::to_string(i));
  for (int i = 0; i < 20; ++i) {
    const hosts::Answer answer = Next().second.answer;
    EXPECT_EQ(answer.failure, Failure::kToken);
    EXPECT_EQ(answer.access, Access::kDenied);
    EXPECT_THAT(answer.failure_detail, HasSubstr("connection refused"));
  }
  EXPECT_EQ(client_->counts().token_requests, 1U);
}

TEST_F(ClientTest, LogsInWithBasic) {
  TestServer server([](const Received& request) {
    return request.headers.contains("authorization")
               ? ReplyManifest()
               : ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n");
  });
  Open({}, std::make_shared<OneCredential>());
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 20; ++i) Ask(host, "app" + std::to_string(i));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Next().second.answer.access, Access::kCredentials);
  EXPECT_EQ(server.received().size(), 21U) << "one challenge at first contact";
}

TEST_F(ClientTest, FollowsARedirectToAnotherServer) {
  TestServer target([](const Received&) { return ReplyManifest(); });
  TestServer server([&](const Received&) {
    return ReplyStatus("307 Temporary Redirect\r\nLocation: http://" + target.Authority() + "/there\r\n");
  });
  Open();
  EXPECT_EQ(AnswerOf(HostAt(server.Authority())).status, 200);
  EXPECT_EQ(target.received().at(0).method, "HEAD");
  EXPECT_EQ(target.received().at(0).target, "/there");
}

TEST_F(ClientTest, BringsManifestAndBlobBodies) {
  TestServer server(
      [](const Received& request) { return Reply200(request, "Content-Type: application/x\r\n", "content"); });
  Open();
  for (const Question question : {Question::kManifest, Question::kBlob}) {
    Ask(HostAt(server.Authority()), "team/app", question, "sha256:" + std::string(64, 'a'));
    const Reply reply = Next().second;
    EXPECT_EQ(reply.body, "content");
    EXPECT_EQ(reply.answer.get->size, 7);
  }
  EXPECT_EQ(server.received().at(0).headers.at("accept"), "application/x, */*");
}

TEST_F(ClientTest, UsesTheProxyItIsTold) {
  TestServer proxy([](const Received&) { return ReplyManifest(); });
  Network network;
  network.proxy_environment = {{"HTTP_PROXY", "http://" + proxy.Authority()}};
  Open({}, NoCredentials(), network);
  EXPECT_EQ(AnswerOf(HostAt("registry.invalid")).status, 200);
  EXPECT_THAT(proxy.received().at(0).target, testing::StartsWith("http://registry.invalid/v2/team/app/"));
}

TEST_F(ClientTest, IgnoresTheProxyOfItsOwnEnvironment) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  Open();
  EXPECT_EQ(AnswerOf(HostAt(server.Authority())).status, 200);
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST_F(ClientTest, StopsWaitingAtTheDeadlineOrWhenTold) {
  Open();
  const CallContext over{.deadline = std::chrono::steady_clock::now(), .stop = {}};
  EXPECT_FALSE(client_->Open(RateClass::kInteractive, nullptr, over)->Receive().has_value());
  std::stop_source stop;
  stop.request_stop();
  const CallContext stopped{.deadline = SteadyTime::max(), .stop = stop.get_token()};
  EXPECT_FALSE(client_->Open(RateClass::kInteractive, nullptr, stopped)->Receive().has_value());
}

TEST_F(ClientTest, IsDestroyedWhileRequestsAreUnderWay) {
  std::latch arrived(1);
  std::latch release(1);
  TestServer server([&](const Received&) {
    arrived.count_down();
    release.wait();
    return ReplyManifest();
  });
  Open();
  for (int i = 0; i < 10; ++i) Ask(HostAt(server.Authority()));
  Ask(HostAt(kNoSuchHost));
  arrived.wait();
  Close();
  release.count_down();
}

}  // namespace
}  // namespace tagdrift::registry
