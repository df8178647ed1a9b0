#include <gtest/gtest.h>

#include "played_exchange.h"
#include "registry/auth/credential_cache.h"
#include "registry/auth/endpoint_hints.h"
#include "registry/auth/login_throttle.h"
#include "registry/auth/token_cache.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using std::chrono::seconds;

const SteadyTime kStart{};

const SteadyTime kLogin{};

TEST(LoginThrottle, LetsOneTryUntilTheLoginHasProvedGood) {
  LoginThrottle throttle;
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kTry);
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kWait);
  throttle.Settle(LoginThrottle::Outcome::kGood, "a", kLogin);
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kOpen);
}

TEST(LoginThrottle, StopsAfterRefusalsForThreeRepositories) {
  LoginThrottle throttle;
  for (const char* repository : {"a", "b", "b", "c"}) {
    ASSERT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kTry) << repository;
    throttle.Settle(LoginThrottle::Outcome::kRefused, repository, kLogin);
  }
  EXPECT_EQ(throttle.Enter(kLogin + std::chrono::minutes(14)), LoginThrottle::Entry::kRefused);
  EXPECT_EQ(throttle.Enter(kLogin + std::chrono::minutes(15)), LoginThrottle::Entry::kTry);
}

TEST(LoginThrottle, IsNotOpenedByAnAnswerThatSaysNothing) {
  LoginThrottle throttle;
  throttle.Enter(kLogin);
  throttle.Settle(LoginThrottle::Outcome::kUnknown, "a", kLogin);
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kTry) << "the next one tries";
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kWait);
}

TEST(LoginThrottle, ClosesAgainWhenALoginThatWasGoodIsRefused) {
  LoginThrottle throttle;
  throttle.Enter(kLogin);
  throttle.Settle(LoginThrottle::Outcome::kGood, "a", kLogin);
  for (const char* repository : {"b", "c"}) {
    throttle.Settle(LoginThrottle::Outcome::kRefused, repository, kLogin);
    EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kOpen);
  }
  throttle.Settle(LoginThrottle::Outcome::kRefused, "d", kLogin);
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kRefused);
}

TEST(LoginThrottle, IsOpenedByAnyRepositoryThatAcceptsTheLogin) {
  LoginThrottle throttle;
  throttle.Enter(kLogin);
  throttle.Settle(LoginThrottle::Outcome::kRefused, "a", kLogin);
  throttle.Enter(kLogin);
  throttle.Settle(LoginThrottle::Outcome::kGood, "b", kLogin);
  EXPECT_EQ(throttle.Enter(kLogin), LoginThrottle::Entry::kOpen);
}

TEST(CredentialCache, PutsTheCandidateThatOpenedTheRepositoryFirst) {
  const CredentialQuestion question{"r.example", "team/app"};
  const CredentialAnswer answer{{{"a", "pw", {}, {}}, {"b", "pw", {}, {}}}, {}};
  CredentialCache cache;
  EXPECT_FALSE(cache.Find(question, kStart).has_value());
  cache.Put(question, answer, kStart);
  cache.Prefer(question, {"b", "pw", {}, {}}, kStart);
  EXPECT_EQ(cache.Find(question, kStart)->candidates.front().username, "b");
  EXPECT_FALSE(cache.Find(question, kStart + seconds(5)).has_value()) << "files and programs may have news";
  EXPECT_EQ(cache.Put(question, answer, kStart + seconds(5)).candidates.front().username, "b");
  const CredentialAnswer changed{{{"c", "pw", {}, {}}}, {}};
  EXPECT_EQ(cache.Put(question, changed, kStart + seconds(10)).candidates.front().username, "c");
  EXPECT_FALSE(cache.Find({"r.example", "team/other"}, kStart).has_value());
}

TokenKey Key() {
  return {.realm = "https://auth.example/t",
          .service = "s",
          .scopes = {"repository:a:pull"},
          .credential = {{}, {}, {}, {}},
          .endpoint = "https://r.example:443"};
}

std::shared_ptr<const TokenResult> Share(TokenResult result) {
  return std::make_shared<TokenResult>(std::move(result));
}

std::shared_ptr<const TokenResult> Token(absl::Duration lifetime) {
  return Share({.detail = {}, .token = "T", .lifetime = lifetime});
}

TEST(TokenCache, KeepsATokenUntilShortBeforeItsEnd) {
  TokenCache cache;
  cache.Store(Key(), Token(absl::Seconds(60)), kStart);
  EXPECT_TRUE(cache.Find(Key(), kStart + seconds(44)).has_value());
  EXPECT_FALSE(cache.Find(Key(), kStart + seconds(45)).has_value());
  cache.Store(Key(), Token(absl::Seconds(300)), kStart);
  EXPECT_TRUE(cache.Find(Key(), kStart + seconds(269)).has_value());
  EXPECT_FALSE(cache.Find(Key(), kStart + seconds(270)).has_value());
}

TEST(TokenCache, TellsYoungFromAged) {
  TokenCache cache;
  cache.Store(Key(), Token(absl::Seconds(300)), kStart);
  EXPECT_TRUE(cache.Find(Key(), kStart + seconds(29))->young);
  EXPECT_FALSE(cache.Find(Key(), kStart + seconds(30))->young);
}

TEST(TokenCache, RemembersARefusalForAWhile) {
  TokenCache cache;
  TokenResult refusal;
  refusal.failure = Failure::kToken;
  cache.Store(Key(), Share(refusal), kStart);
  EXPECT_FALSE(cache.Find(Key(), kStart).has_value()) << "the server may just be down";
  refusal.refused = true;
  cache.Store(Key(), Share(refusal), kStart);
  ASSERT_TRUE(cache.Find(Key(), kStart + seconds(899)).has_value());
  EXPECT_EQ(cache.Find(Key(), kStart)->result->failure, Failure::kToken);
  EXPECT_FALSE(cache.Find(Key(), kStart + seconds(900)).has_value());
}

TEST(TokenCache, SharesNothingBetweenRepositoriesCredentialsOrEndpoints) {
  TokenCache cache;
  cache.Store(Key(), Token(absl::Seconds(300)), kStart);
  TokenKey repository = Key();
  repository.scopes = {"repository:b:pull"};
  TokenKey credentials = Key();
  credentials.credential.username = "me";
  TokenKey endpoint = Key();
  endpoint.endpoint = "https://other.example:443";
  for (const TokenKey& key : {repository, credentials, endpoint}) EXPECT_FALSE(cache.Find(key, kStart).has_value());
}

TEST(TokenCache, ForgetsOnlyTheTokenNamed) {
  TokenCache cache;
  cache.Store(Key(), Token(absl::Seconds(300)), kStart);
  cache.Forget(Key(), "older", kStart);
  EXPECT_TRUE(cache.Find(Key(), kStart).has_value());
  cache.Forget(Key(), "T", kStart);
  EXPECT_FALSE(cache.Find(Key(), kStart).has_value());
}

TEST(TokenCache, RemembersWhichRealmsWantAGet) {
  TokenCache cache;
  TokenResult result = *Token(absl::Seconds(300));
  result.by_get = true;
  EXPECT_FALSE(cache.WantsGet(Key().realm, kStart));
  cache.Store(Key(), Share(result), kStart);
  EXPECT_TRUE(cache.WantsGet(Key().realm, kStart));
}

TEST(TokenCache, HoldsAThousandTokensAndDropsThoseNotUsedForLongest) {
  TokenCache cache;
  TokenKey used = Key();
  cache.Store(used, Token(absl::Hours(1)), kStart);
  for (int i = 0; i < 5000; ++i) {
    TokenKey key = Key();
    key.service = std::to_string(i);
    const SteadyTime now = kStart + std::chrono::milliseconds(i);
    cache.Store(key, Token(absl::Hours(1)), now);
    ASSERT_LE(cache.size(), 1000U);
    ASSERT_TRUE(cache.Find(used, now).has_value()) << i;
  }
}

TEST(TokenCache, DropsWhatIsNoLongerUsable) {
  TokenCache cache;
  cache.Store(Key(), Token(absl::Seconds(60)), kStart);
  cache.Expire(kStart + seconds(44));
  EXPECT_EQ(cache.size(), 1U);
  cache.Expire(kStart + seconds(45));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(EndpointHints, ForgetsAChallengeItCannotTransfer) {
  EndpointHints hints;
  Learn(hints, "team/app",
        Respond(401, {{"www-authenticate", R"(Bearer realm="https://a/t",scope="repository:xteam/app:pull")"}}));
  EXPECT_FALSE(Expected(hints, "team/other").has_value());
}

TEST(EndpointHints, KeepsScopesWithoutRepository) {
  EndpointHints hints;
  Learn(hints, "team/app", Respond(401, {{"www-authenticate", R"(Bearer realm="https://a/t",scope="aws")"}}));
  EXPECT_EQ(Scopes("team/other", *Expected(hints, "team/other")),
            (std::vector<std::string>{"aws", "repository:team/other:pull"}));
}

TEST(EndpointHints, LearnsNothingFromOtherAnswers) {
  EndpointHints hints;
  Learn(hints, "team/app", Respond(403, {{"www-authenticate", "Basic realm=x"}}));
  Learn(hints, "team/app", Respond(401, {{"www-authenticate", "Negotiate"}}));
  EXPECT_FALSE(hints.challenge.has_value());
}

}  // namespace
}  // namespace tagdrift::registry
