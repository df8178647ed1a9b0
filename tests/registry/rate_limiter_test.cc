#include "registry/http/rate_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "played_exchange.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const SteadyTime kFull{};

RateLimiter New(Politeness politeness = {}) { return RateLimiter(politeness, 1); }

bool Goes(const RateLimiter::Verdict& verdict) { return std::holds_alternative<RateLimiter::Go>(verdict); }
bool Waits(const RateLimiter::Verdict& verdict) { return std::holds_alternative<RateLimiter::Wait>(verdict); }
std::string WhyHeldBack(const RateLimiter::Verdict& verdict) {
  const auto* held_back = std::get_if<RateLimiter::HeldBack>(&verdict);
  return held_back == nullptr ? "" : held_back->why;
}

HttpResponse Limited(const std::string& limit, const std::string& remaining, Headers more = {}) {
  HttpResponse response = Manifest();
  response.headers.emplace_back("ratelimit-limit", limit);
  response.headers.emplace_back("ratelimit-remaining", remaining);
  for (auto& header : more) response.headers.push_back(header);
  return response;
}

TEST(RateLimiter, ClosesForAsLongAsA429Says) {
  RateLimiter limiter = New();
  ASSERT_TRUE(Goes(limiter.Admit(Method::kHead, kFull)));
  limiter.Note(Respond(429, {{"retry-after", "120"}}), kFull);
  EXPECT_THAT(WhyHeldBack(limiter.Admit(Method::kHead, kFull + seconds(119))), HasSubstr("429"));
  EXPECT_GE(limiter.Left(kFull), std::chrono::milliseconds(seconds(120)));
  EXPECT_LE(limiter.Left(kFull), std::chrono::milliseconds(seconds(144)));
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull + seconds(145))));
}

TEST(RateLimiter, LetsOneGoAfterAPauseAndTheRestByItsOutcome) {
  RateLimiter limiter = New();
  limiter.Note(Respond(429), kFull);
  const SteadyTime after = kFull + seconds(73);
  ASSERT_TRUE(Goes(limiter.Admit(Method::kHead, after)));
  EXPECT_TRUE(Waits(limiter.Admit(Method::kHead, after)));
  limiter.Note(Manifest(), after);
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, after)));
}

TEST(RateLimiter, DoublesItsOwnPauseUpToAnHour) {
  RateLimiter limiter = New();
  SteadyTime now = kFull;
  milliseconds last{0};
  for (int i = 0; i < 10; ++i) {
    limiter.Note(Respond(429), now);
    const milliseconds left = *limiter.Left(now);
    EXPECT_LE(left, minutes(72));
    if (last > milliseconds(0) && i < 6) {
      EXPECT_GT(left, last * 3 / 2) << i;
    }
    last = left;
    now += left + seconds(1);
    ASSERT_TRUE(Goes(limiter.Admit(Method::kHead, now)));
  }
  EXPECT_GE(last, minutes(60));
  limiter.Note(Manifest(), now);
  limiter.Note(Respond(429), now);
  EXPECT_LE(*limiter.Left(now), seconds(72)) << "starts anew after a good answer";
}

TEST(RateLimiter, IsNotLengthenedByWhatWasUnderWay) {
  RateLimiter limiter = New();
  limiter.Note(Respond(429), kFull);
  const auto left = limiter.Left(kFull);
  for (int i = 0; i < 100; ++i) limiter.Note(Respond(429), kFull);
  EXPECT_EQ(limiter.Left(kFull), left);
}

TEST(RateLimiter, DoesNotGiveUpOnAServerWithinARound) {
  RateLimiter limiter = New();
  for (int i = 0; i < 200; ++i) limiter.Note(Respond(503), kFull + milliseconds(i));
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull + seconds(1))));
}

TEST(RateLimiter, LeavesAServerAloneThatHasLongBeenInTrouble) {
  for (const HttpResponse& trouble : {Respond(502), Break(Failure::kClosed, "connection reset"), Respond(408)}) {
    RateLimiter limiter = New();
    for (int i = 0; i <= 30; ++i) limiter.Note(trouble, kFull + seconds(i));
    const SteadyTime now = kFull + seconds(31);
    EXPECT_THAT(WhyHeldBack(limiter.Admit(Method::kHead, now)), HasSubstr("in a row"));
    EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, now + seconds(36))));
    limiter.Note(trouble, now + seconds(36));
    EXPECT_GE(limiter.Left(now + seconds(36)), milliseconds(seconds(60))) << "one probe is enough to close it again";
  }
}

TEST(RateLimiter, ForgetsTroubleWithOneGoodAnswer) {
  RateLimiter limiter = New();
  for (int i = 0; i < 100; ++i) {
    limiter.Note(i % 19 == 18 ? Respond(404) : Respond(500), kFull + seconds(i));
  }
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull + seconds(100))));
}

TEST(RateLimiter, LeavesAShareOfTheAnnouncedLimitToPulls) {
  RateLimiter limiter = New({.reserve = 0.3});
  limiter.Note(Limited("100;w=21600", "30;w=21600"), kFull);
  EXPECT_TRUE(Goes(limiter.Admit(Method::kGet, kFull)));
  limiter.Note(Limited("100;w=21600", "29;w=21600"), kFull);
  EXPECT_THAT(WhyHeldBack(limiter.Admit(Method::kGet, kFull)), HasSubstr("29 of 100"));
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull)));
  limiter.Note(Limited("100;w=21600", "9;w=21600"), kFull);
  EXPECT_THAT(WhyHeldBack(limiter.Admit(Method::kHead, kFull)), HasSubstr("9 of 100"));
  EXPECT_TRUE(Goes(limiter.Admit(Method::kPost, kFull))) << "a token is no pull";
}

TEST(RateLimiter, GoesOnWithHeadsWhereOnlyGetsCount) {
  RateLimiter limiter = New();
  limiter.Note(Limited("100;w=21600", "0;w=21600", {{"docker-ratelimit-source", "192.0.2.1"}}), kFull);
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull)));
  EXPECT_NE(WhyHeldBack(limiter.Admit(Method::kGet, kFull)), "");
}

TEST(RateLimiter, AsksAgainWhenTheLimitStartsAnew) {
  RateLimiter limiter = New();
  limiter.Note(Limited("100", "0", {{"ratelimit-reset", "50"}}), kFull);
  EXPECT_NE(WhyHeldBack(limiter.Admit(Method::kGet, kFull + seconds(49))), "");
  EXPECT_TRUE(Goes(limiter.Admit(Method::kGet, kFull + seconds(50))));
  limiter.Note(Limited("100;w=21600", "0;w=21600"), kFull);
  EXPECT_TRUE(Goes(limiter.Admit(Method::kGet, kFull + minutes(15)))) << "or after a while without a word of it";
}

TEST(RateLimiter, KeepsARate) {
  RateLimiter limiter = New({.requests_per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull))) << i;
  const RateLimiter::Verdict verdict = limiter.Admit(Method::kHead, kFull);
  ASSERT_TRUE(Waits(verdict));
  EXPECT_EQ(std::get<RateLimiter::Wait>(verdict).until, kFull + milliseconds(500));
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull + milliseconds(500))));
  EXPECT_TRUE(Waits(limiter.Admit(Method::kHead, kFull + milliseconds(501))));
}

TEST(RateLimit, ReadsTheVectors) {
  std::ifstream file(TAGDRIFT_TEST_DATA "/rate_limits.json");
  const auto vectors = nlohmann::json::parse(file, nullptr, false);
  ASSERT_EQ(vectors.size(), 8U);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    HttpResponse response = Respond(vector["status"].get<int>());
    for (const auto& [name, value] : vector["headers"].items()) response.headers.emplace_back(name, value);
    const auto rate = ReadRateLimit(response);
    const auto& expected = vector["expected"];
    EXPECT_EQ(rate && rate->limit ? nlohmann::json(*rate->limit) : nlohmann::json(), expected["limit"]);
    EXPECT_EQ(rate && rate->remaining ? nlohmann::json(*rate->remaining) : nlohmann::json(), expected["remaining"]);
    EXPECT_EQ(rate && rate->window ? nlohmann::json(rate->window->count()) : nlohmann::json(), expected["window"]);
    RateLimiter limiter = New();
    limiter.Note(response, kFull);
    EXPECT_EQ(Goes(limiter.Admit(Method::kGet, kFull)), expected["get"].get<bool>());
    EXPECT_EQ(Goes(limiter.Admit(Method::kHead, kFull)), expected["head"].get<bool>());
    const auto left = limiter.Left(kFull);
    EXPECT_EQ(left.has_value(), expected.contains("pause"));
    if (left && expected.contains("pause")) {
      const seconds least(expected["pause"].get<int>());
      EXPECT_GE(*left, least);
      EXPECT_LE(*left, least * 6 / 5);
    }
  }
}

TEST(RateLimiter, LetsAnotherProbeGoWhenTheFirstIsGivenUp) {
  RateLimiter limiter = New();
  limiter.Note(Respond(429), kFull);
  const SteadyTime after = kFull + seconds(73);
  const RateLimiter::Verdict probe = limiter.Admit(Method::kHead, after);
  ASSERT_TRUE(Goes(probe));
  EXPECT_TRUE(std::get<RateLimiter::Go>(probe).probe);
  ASSERT_TRUE(Waits(limiter.Admit(Method::kHead, after)));
  EXPECT_FALSE(limiter.TakeOutcomeAwaited());
  limiter.AbandonProbe();
  EXPECT_TRUE(limiter.TakeOutcomeAwaited()) << "who waits is to look again";
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, after)));
  EXPECT_TRUE(Waits(limiter.Admit(Method::kHead, after)));
}

TEST(RateLimiter, IsNotTroubledByCertificates) {
  RateLimiter limiter = New();
  for (int i = 0; i < 60; ++i) limiter.Note(Break(Failure::kTls, "certificate has expired"), kFull + seconds(i));
  EXPECT_TRUE(Goes(limiter.Admit(Method::kHead, kFull + seconds(60)))) << "they belong to how it is reached";
}

}  // namespace
}  // namespace tagdrift::registry
