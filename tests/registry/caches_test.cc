#include <gtest/gtest.h>

#include "played_exchange.h"
#include "registry/auth/credential_cache.h"
#include "registry/auth/endpoint_hints.h"
#include "registry/auth/login_throttle.h"
#include "registry/auth/token_cache.h"
#include "registry/http/circuit_breaker.h"
#include "registry/http/curl_failure.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using std::chrono::seconds;

const SteadyTime kStart{};

TEST(CircuitBreaker, LetsOneInAloneUntilItsOutcomeIsKnown) {
  CircuitBreaker breaker;
  EXPECT_EQ(breaker.Enter(kStart), CircuitBreaker::Entry::kFirstContact);
  EXPECT_EQ(breaker.Enter(kStart), CircuitBreaker::Entry::kWait);
  breaker.Succeed();
  EXPECT_EQ(breaker.Enter(kStart), CircuitBreaker::Entry::kGo);
}

TEST(CircuitBreaker, SharesAFailureForAWhile) {
  CircuitBreaker breaker;
  breaker.Enter(kStart);
  breaker.Fail(Break(Failure::kConnect, "connection refused"), kStart);
  EXPECT_EQ(breaker.Enter(kStart + seconds(9)), CircuitBreaker::Entry::kUnreachable);
  EXPECT_EQ(breaker.failure().detail, "connection refused");
  EXPECT_EQ(breaker.Enter(kStart + seconds(10)), CircuitBreaker::Entry::kFirstContact);
  EXPECT_EQ(breaker.Enter(kStart + seconds(10)), CircuitBreaker::Entry::kWait);
}

TEST(CircuitBreaker, IsClosedByThePlaceNotByOneAnswer) {
  for (const Failure failure :
       {Failure::kName, Failure::kConnect, Failure::kTls, Failure::kTimeout, Failure::kDeadline}) {
    EXPECT_TRUE(CircuitBreaker::IsUnreachable(Break(failure, "")));
  }
  EXPECT_FALSE(CircuitBreaker::IsUnreachable(Break(Failure::kClosed, "")));
  EXPECT_FALSE(CircuitBreaker::IsUnreachable(Respond(500)));
}

TEST(CircuitBreaker, SharesTheNextFailureForTwiceAsLongUpToFiveMinutes) {
  CircuitBreaker breaker;
  SteadyTime now = kStart;
  for (const seconds shared :
       {seconds(10), seconds(20), seconds(40), seconds(80), seconds(160), seconds(300), seconds(300)}) {
    ASSERT_EQ(breaker.Enter(now), CircuitBreaker::Entry::kFirstContact);
    breaker.Fail(Break(Failure::kName, "no such host"), now);
    EXPECT_EQ(breaker.Enter(now + shared - seconds(1)), CircuitBreaker::Entry::kUnreachable);
    now += shared;
  }
  ASSERT_EQ(breaker.Enter(now), CircuitBreaker::Entry::kFirstContact);
  breaker.Succeed();
  breaker.Fail(Break(Failure::kName, "no such host"), now);
  EXPECT_EQ(breaker.Enter(now + seconds(10)), CircuitBreaker::Entry::kFirstContact) << "once open, it starts anew";
}

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

CurlFailure Late(Stage stage, absl::Duration time) {
  CurlFailure failure;
  failure.code = CURLE_OPERATION_TIMEDOUT;
  failure.stage = stage;
  failure.stage_time = time;
  failure.dial_limit = absl::Seconds(30);
  return failure;
}

TEST(CurlFailure, TellsContainerdsTimeoutsFromOurs) {
  EXPECT_EQ(NameFailure(Late(Stage::kConnecting, absl::Seconds(30))).failure, Failure::kTimeout);
  EXPECT_EQ(NameFailure(Late(Stage::kConnecting, absl::Seconds(5))).failure, Failure::kDeadline);
  EXPECT_EQ(NameFailure(Late(Stage::kHandshake, absl::Seconds(10))).failure, Failure::kTimeout);
  EXPECT_EQ(NameFailure(Late(Stage::kHandshake, absl::Seconds(9))).failure, Failure::kDeadline);
  EXPECT_EQ(NameFailure(Late(Stage::kConnected, absl::Seconds(300))).failure, Failure::kDeadline);
}

TEST(CurlFailure, NamesWhatTheProxySaid) {
  CurlFailure failure;
  failure.code = CURLE_RECV_ERROR;
  failure.proxy_status = 407;
  EXPECT_EQ(NameFailure(failure).failure, Failure::kConnect);
  EXPECT_EQ(NameFailure(failure).detail, "the proxy answered 407");
}

TEST(CurlFailure, TellsARefusedClientCertificateFromABrokenConnection) {
  const auto named = [](const std::string& text) {
    return NameFailure({.code = CURLE_RECV_ERROR, .stage = Stage::kConnected, .tls_text = text});
  };
  EXPECT_EQ(named("SSL_read: tlsv13 alert certificate required, errno 0").detail, "server wants a client certificate");
  for (const char* alert :
       {"sslv3 alert bad certificate", "tlsv1 alert unknown ca", "sslv3 alert certificate expired"}) {
    EXPECT_EQ(named(alert).failure, Failure::kTls) << alert;
    EXPECT_EQ(named(alert).detail, "server refuses the client certificate, or the lack of one");
  }
  EXPECT_EQ(named("SSL_read: Connection reset by peer").failure, Failure::kClosed);
}

TEST(CurlFailure, NamesWhatBrokeAnHttp2Connection) {
  EXPECT_EQ(NameFailure({.code = CURLE_HTTP2}).detail, "malformed answer");
  EXPECT_EQ(NameFailure({.code = CURLE_HTTP2, .os_error = 104}).detail, "connection reset by peer");
}

}  // namespace
}  // namespace tagdrift::registry
