#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "client_fixture.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using testing::HasSubstr;

TEST_F(ClientTest, AsksNothingMoreOfARegistryThatLimitsUs) {
  TestServer server([](const Received&) { return ReplyStatus("429 Too Many Requests\r\nRetry-After: 120\r\n"); });
  Open();
  const auto host = HostAt(server.Authority());
  const absl::Time start = absl::Now();
  for (int i = 0; i < 50; ++i) Ask(host, "team/app", Question::kResolve, "v" + std::to_string(i));
  int held_back = 0;
  for (int i = 0; i < 50; ++i) {
    const hosts::Answer answer = Next().second.answer;
    ASSERT_TRUE(answer.retry_at.has_value());
    EXPECT_GE(*answer.retry_at, start + absl::Seconds(119));
    if (answer.failure == Failure::kBudget) {
      ++held_back;
      EXPECT_THAT(answer.failure_detail, HasSubstr("429"));
    } else {
      EXPECT_EQ(answer.status, 429);
    }
  }
  EXPECT_EQ(held_back, 49) << "first contact is one request alone";
  EXPECT_EQ(server.received().size(), 1U);
}

TEST_F(ClientTest, DoesNotHoldOtherHostsForOneThatLimitsUs) {
  TestServer limited([](const Received&) { return ReplyStatus("429 Too Many Requests\r\n"); });
  TestServer open([](const Received&) { return ReplyManifest(); });
  Open();
  EXPECT_EQ(AnswerOf(HostAt(limited.Authority())).status, 429);
  EXPECT_EQ(AnswerOf(HostAt(open.Authority())).status, 200);
  const hosts::Answer held_back = AnswerOf(HostAt(limited.Authority()));
  EXPECT_EQ(held_back.failure, Failure::kBudget);
  EXPECT_TRUE(held_back.retry_at.has_value());
}

TEST_F(ClientTest, SendsNoGetWhenLittleIsLeftOfTheLimit) {
  TestServer server([](const Received& request) {
    return Reply200(request,
                    "Docker-Content-Digest: sha256:" + std::string(64, 'a') +
                        "\r\nRateLimit-Limit: 100;w=21600\r\nRateLimit-Remaining: 5;w=21600\r\n"
                        "Docker-RateLimit-Source: 192.0.2.1\r\n",
                    "{}");
  });
  Open();
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(AnswerOf(host).status, 200);
  EXPECT_EQ(AnswerOf(host).status, 200) << "a HEAD does not count there";
  Ask(host, "team/app", Question::kManifest, "sha256:" + std::string(64, 'a'));
  const hosts::Answer answer = Next().second.answer;
  EXPECT_EQ(answer.failure, Failure::kBudget);
  EXPECT_THAT(answer.failure_detail, HasSubstr("5 of 100"));
  EXPECT_EQ(server.Count("GET"), 0);
}

TEST_F(ClientTest, KeepsToTheConcurrencyItIsGiven) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  TestServer server([&](const Received&) {
    const int at_once = ++now;
    int seen = most;
    while (at_once > seen && !most.compare_exchange_weak(seen, at_once)) {
    }
    --now;
    return ReplyManifest();
  });
  Client::Options options;
  options.politeness.concurrency = 2;
  Open(std::move(options));
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 60; ++i) Ask(host);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(Next().second.answer.status, 200);
  EXPECT_LE(most, 2);
  EXPECT_LE(server.connections(), 2);
}

TEST_F(ClientTest, WaitsForItsRateInsteadOfFailing) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Client::Options options;
  options.politeness.requests_per_second = 100;
  options.politeness.burst = 1;
  Open(std::move(options));
  const auto host = HostAt(server.Authority());
  const absl::Time start = absl::Now();
  for (int i = 0; i < 11; ++i) Ask(host);
  for (int i = 0; i < 11; ++i) EXPECT_EQ(Next().second.answer.status, 200);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(99)) << "ten of them had to wait 10 ms each";
}

}  // namespace
}  // namespace tagdrift::registry
