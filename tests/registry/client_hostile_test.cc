// Hosts that mean harm: what they do is their own loss, and nobody else's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <semaphore>
#include <set>
#include <thread>

#include "client_fixture.h"
#include "manual_clock.h"
#include "named_addresses.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using testing::HasSubstr;

const std::string kOldDigest = "sha256:" + std::string(64, 'a');

/// Leads each tag to a name of its own, which answers when it is released.
class RedirectFarm : public ClientTest {
 protected:
  RedirectFarm() : server_([this](const Received& request) { return Answer(request); }) {}
  ~RedirectFarm() override { Release(); }

  void AskTags(int count) {
    const auto host = HostAt(server_.Authority());
    for (int i = 0; i < count; ++i) Ask(host, "farm/app", Question::kResolve, "v" + std::to_string(i));
  }

  void AwaitHung(int count) {
    for (int i = 0; i < count; ++i) hung_.acquire();
  }

  void Release() {
    if (!released_.exchange(true)) release_.count_down();
  }

  int hung() const { return most_hung_; }

 private:
  Scripted Answer(const Received& request) {
    if (!Has(request, "/slow/")) {
      const std::string tag = request.target.substr(request.target.rfind('/') + 1);
      return ReplyStatus("307 Temporary Redirect\r\nLocation: http://" + tag +
                         ".localhost:" + std::to_string(server_.port()) + "/slow/" + tag + "\r\n");
    }
    const int now = ++now_hung_;
    for (int most = most_hung_; most < now && !most_hung_.compare_exchange_weak(most, now);) {
    }
    hung_.release();
    release_.wait();
    --now_hung_;
    return ReplyManifest();
  }

  std::counting_semaphore<> hung_{0};
  std::latch release_{1};
  std::atomic<bool> released_ = false;
  std::atomic<int> now_hung_ = 0;
  std::atomic<int> most_hung_ = 0;

 protected:
  TestServer server_;
};

TEST_F(RedirectFarm, OfFortySlowNamesLeavesWorkersForAnotherRegistry) {
  TestServer other([](const Received&) { return ReplyManifest(); });
  Open();
  AskTags(40);
  AwaitHung(4);
  const std::uint64_t honest = Ask(HostAt(other.Authority()));
  EXPECT_EQ(Next().first, honest);
  Release();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(Next().second.answer.status, 200);
  EXPECT_LE(hung(), 4) << "at a time";
}

TEST_F(RedirectFarm, HasOneDeadlineForAllThatWaitForAWorker) {
  const auto clock = std::make_shared<ManualClock>();
  Client::Options options;
  options.clock = clock;
  Open(std::move(options));
  batch_ = client_->Open(RateClass::kInteractive, nullptr, {});
  AskTags(9);
  AwaitHung(4);
  while (client_->counts().requests < 18) std::this_thread::yield();
  clock->Advance(std::chrono::seconds(46));
  Release();
  int late = 0;
  for (int i = 0; i < 9; ++i) {
    const hosts::Answer answer = Next().second.answer;
    if (answer.failure == Failure::kDeadline) ++late;
    EXPECT_TRUE(answer.failure == Failure::kDeadline || answer.status == 200) << answer.failure_detail;
  }
  EXPECT_EQ(late, 5);
  EXPECT_EQ(server_.received().size(), 13U) << "what is late is not asked";
}

TEST_F(ClientTest, AChainOfSlowRedirectsHasTheTimeOfOneRequest) {
  const auto clock = std::make_shared<ManualClock>();
  TestServer server([&](const Received& request) {
    if (Has(request, "xxx")) clock->Advance(std::chrono::seconds(46));
    return ReplyStatus("302 Found\r\nLocation: " + request.target + "x\r\n");
  });
  Client::Options options;
  options.clock = clock;
  Open(std::move(options));
  batch_ = client_->Open(RateClass::kInteractive, nullptr, {});
  const hosts::Answer answer = AnswerOf(HostAt(server.Authority()));
  EXPECT_EQ(answer.failure, Failure::kDeadline) << answer.failure_detail;
  EXPECT_EQ(server.received().size(), 4U);
}

TEST_F(ClientTest, HungContentOfOneHostDoesNotHoldUpContentOfAnother) {
  std::latch release(1);
  TestServer hung([&](const Received& request) {
    if (request.method == "GET") release.wait();
    return ReplyManifest();
  });
  TestServer other([](const Received& request) { return Reply200(request, "", "{}"); });
  Open();
  const auto bad = HostAt(hung.Authority());
  EXPECT_EQ(AnswerOf(bad).status, 200);
  for (int i = 0; i < 40; ++i) Ask(bad, "team/app", Question::kManifest, kOldDigest);
  const std::uint64_t honest = Ask(HostAt(other.Authority()), "team/app", Question::kManifest, kOldDigest);
  EXPECT_EQ(Next().first, honest);
  release.count_down();
}

TEST_F(ClientTest, FortyManifestsOfFourMegabytesTakeNoMoreThanTheBudget) {
  const std::string huge(4'000'000, 'x');
  TestServer flood([&](const Received& request) { return Reply200(request, "", huge); });
  TestServer other([](const Received& request) { return Reply200(request, "", "{}"); });
  Open();
  const auto budget = std::make_shared<ByteBudget>(32 << 20);
  batch_ = client_->Open(RateClass::kInteractive, nullptr, WithinAMinute(), budget);
  const auto bad = HostAt(flood.Authority());
  // A HEAD without a digest has its GET, whose body is hashed only.
  for (int i = 0; i < 40; ++i) Ask(bad, "team/app", i % 2 == 0 ? Question::kManifest : Question::kResolve, kOldDigest);
  const std::uint64_t honest = Ask(HostAt(other.Authority()), "team/app", Question::kManifest, kOldDigest);
  for (int i = 0; i < 41; ++i) {
    const auto [ticket, reply] = Next();
    if (ticket == honest) {
      EXPECT_EQ(reply.body, "{}");
    } else if (reply.answer.failure != Failure::kNone) {
      EXPECT_EQ(reply.answer.failure, Failure::kBudget) << reply.answer.failure_detail;
    }
  }
  EXPECT_LE(budget->peak(), (8U << 20) + 2) << "a quarter for one host";
  EXPECT_GT(budget->peak(), 0U);
  batch_.reset();
  client_.reset();
  EXPECT_EQ(budget->taken(), 0U) << "all is given back";
}

/// Names below inside.test lead to this machine; what is outside is reached through a proxy.
class InsideNames : public ClientTest {
 protected:
  static Network ThroughProxy(const TestServer& proxy) {
    Network network;
    network.proxy_environment = {{"HTTP_PROXY", "http://" + proxy.Authority()}, {"NO_PROXY", ".inside.test"}};
    return network;
  }

  std::string InsideAt(const TestServer& server, const std::string& path) const {
    return "http://service.inside.test:" + std::to_string(server.port()) + path;
  }

  const NamedAddresses names_{{{"service.inside.test", "127.0.0.1"}, {"mirror.inside.test", "127.0.0.1"}}};
};

TEST_F(InsideNames, ARealmThatResolvesToLoopbackIsNotAskedAndItsTokenGoesNowhere) {
  TestServer inside([](const Received& request) { return Reply200(request, "", R"({"token":"INSIDE"})"); });
  TestServer proxy([&](const Received&) {
    return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"" + InsideAt(inside, "/token") +
                       "\",service=\"s\"\r\n");
  });
  Open({}, NoCredentials(), ThroughProxy(proxy));
  const hosts::Answer answer = AnswerOf(HostAt("mirror.outside.test"));
  EXPECT_EQ(answer.failure, Failure::kRefusedRealm) << answer.failure_detail;
  EXPECT_THAT(answer.failure_detail, HasSubstr("internal address 127.0.0.1 of service.inside.test"));
  EXPECT_EQ(inside.received().size(), 0U);
  for (const Received& request : proxy.received()) EXPECT_FALSE(request.headers.contains("authorization"));
}

TEST_F(InsideNames, ARedirectToANameThatResolvesToLoopbackIsNotFollowed) {
  TestServer inside([](const Received&) { return ReplyManifest(); });
  TestServer proxy([&](const Received&) {
    return ReplyStatus("307 Temporary Redirect\r\nLocation: " + InsideAt(inside, "/x") + "\r\n");
  });
  Open({}, NoCredentials(), ThroughProxy(proxy));
  const hosts::Answer answer = AnswerOf(HostAt("mirror.outside.test"));
  EXPECT_EQ(answer.failure, Failure::kRefusedRedirect) << answer.failure_detail;
  EXPECT_THAT(answer.failure_detail, HasSubstr("redirected to the internal address 127.0.0.1 of service.inside.test"));
  EXPECT_EQ(inside.connections(), 0);
}

TEST_F(InsideNames, AConfiguredHostIsAskedWhereverItIs) {
  TestServer inside([](const Received& request) {
    if (request.headers.at("host").starts_with("service")) return ReplyManifest();
    return ReplyStatus("307 Temporary Redirect\r\nLocation: http://service." +
                       request.headers.at("host").substr(sizeof "mirror") + "/x\r\n");
  });
  Open();
  const auto mirror = HostAt("mirror.inside.test:" + std::to_string(inside.port()));
  EXPECT_EQ(AnswerOf(mirror).status, 200) << "who is on this machine may lead to it";
}

TEST_F(InsideNames, AProxyOnThisMachineTakesRedirectsAndRealms) {
  TestServer proxy([](const Received& request) {
    if (request.target.starts_with("http://auth.outside.test/")) return Reply200(request, "", R"({"token":"T"})");
    if (request.target.starts_with("http://cdn.outside.test/")) return ReplyManifest();
    if (request.headers.contains("authorization")) {
      return ReplyStatus("307 Temporary Redirect\r\nLocation: http://cdn.outside.test/x\r\n");
    }
    return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://auth.outside.test/t\"\r\n");
  });
  Open({}, NoCredentials(), ThroughProxy(proxy));
  EXPECT_EQ(AnswerOf(HostAt("mirror.outside.test")).status, 200);
  EXPECT_EQ(proxy.received().size(), 4U);
}

}  // namespace
}  // namespace tagdrift::registry
