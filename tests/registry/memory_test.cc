#include <gtest/gtest.h>

#include "played_exchange.h"
#include "registry/credential_memory.h"
#include "registry/curl_failure.h"
#include "registry/endpoint_memory.h"
#include "registry/gate.h"
#include "registry/login_gate.h"
#include "registry/token_book.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using std::chrono::seconds;

const Gate::Time kStart{};

TEST(Gate, LetsOneInAloneUntilItsOutcomeIsKnown) {
  Gate gate;
  EXPECT_EQ(gate.Enter(kStart), Gate::Entry::kAlone);
  EXPECT_EQ(gate.Enter(kStart), Gate::Entry::kWait);
  gate.Open();
  EXPECT_EQ(gate.Enter(kStart), Gate::Entry::kOpen);
}

TEST(Gate, SharesAFailureForAWhile) {
  Gate gate;
  gate.Enter(kStart);
  gate.Close(Break(Failure::kConnect, "connection refused"), kStart);
  EXPECT_EQ(gate.Enter(kStart + seconds(9)), Gate::Entry::kDead);
  EXPECT_EQ(gate.failure().detail, "connection refused");
  EXPECT_EQ(gate.Enter(kStart + seconds(10)), Gate::Entry::kAlone);
  EXPECT_EQ(gate.Enter(kStart + seconds(10)), Gate::Entry::kWait);
}

TEST(Gate, IsClosedByThePlaceNotByOneAnswer) {
  for (const Failure failure :
       {Failure::kName, Failure::kConnect, Failure::kTls, Failure::kTimeout, Failure::kDeadline}) {
    EXPECT_TRUE(Gate::Closes(Break(failure, "")));
  }
  EXPECT_FALSE(Gate::Closes(Break(Failure::kClosed, "")));
  EXPECT_FALSE(Gate::Closes(Respond(500)));
}

TEST(Gate, SharesTheNextFailureForTwiceAsLongUpToFiveMinutes) {
  Gate gate;
  Gate::Time now = kStart;
  for (const seconds shared :
       {seconds(10), seconds(20), seconds(40), seconds(80), seconds(160), seconds(300), seconds(300)}) {
    ASSERT_EQ(gate.Enter(now), Gate::Entry::kAlone);
    gate.Close(Break(Failure::kName, "no such host"), now);
    EXPECT_EQ(gate.Enter(now + shared - seconds(1)), Gate::Entry::kDead);
    now += shared;
  }
  ASSERT_EQ(gate.Enter(now), Gate::Entry::kAlone);
  gate.Open();
  gate.Close(Break(Failure::kName, "no such host"), now);
  EXPECT_EQ(gate.Enter(now + seconds(10)), Gate::Entry::kAlone) << "once open, it starts anew";
}

const LoginGate::Time kLogin{};

TEST(LoginGate, LetsOneTryUntilTheLoginHasProvedGood) {
  LoginGate gate;
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kTry);
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kWait);
  gate.Settle(LoginGate::Outcome::kGood, "a", kLogin);
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kOpen);
}

TEST(LoginGate, StopsAfterRefusalsForThreeRepositories) {
  LoginGate gate;
  for (const char* repository : {"a", "b", "b", "c"}) {
    ASSERT_EQ(gate.Enter(kLogin), LoginGate::Entry::kTry) << repository;
    gate.Settle(LoginGate::Outcome::kRefused, repository, kLogin);
  }
  EXPECT_EQ(gate.Enter(kLogin + std::chrono::minutes(14)), LoginGate::Entry::kRefused);
  EXPECT_EQ(gate.Enter(kLogin + std::chrono::minutes(15)), LoginGate::Entry::kTry);
}

TEST(LoginGate, IsNotOpenedByAnAnswerThatSaysNothing) {
  LoginGate gate;
  gate.Enter(kLogin);
  gate.Settle(LoginGate::Outcome::kUnknown, "a", kLogin);
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kTry) << "the next one tries";
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kWait);
}

TEST(LoginGate, ClosesAgainWhenALoginThatWasGoodIsRefused) {
  LoginGate gate;
  gate.Enter(kLogin);
  gate.Settle(LoginGate::Outcome::kGood, "a", kLogin);
  for (const char* repository : {"b", "c"}) {
    gate.Settle(LoginGate::Outcome::kRefused, repository, kLogin);
    EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kOpen);
  }
  gate.Settle(LoginGate::Outcome::kRefused, "d", kLogin);
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kRefused);
}

TEST(LoginGate, IsOpenedByAnyRepositoryThatAcceptsTheLogin) {
  LoginGate gate;
  gate.Enter(kLogin);
  gate.Settle(LoginGate::Outcome::kRefused, "a", kLogin);
  gate.Enter(kLogin);
  gate.Settle(LoginGate::Outcome::kGood, "b", kLogin);
  EXPECT_EQ(gate.Enter(kLogin), LoginGate::Entry::kOpen);
}

TEST(CredentialMemory, PutsTheCandidateThatOpenedTheRepositoryFirst) {
  const WantCredentials question{"r.example", "team/app"};
  const CredentialAnswer answer{{{"a", "pw", {}, {}}, {"b", "pw", {}, {}}}, {}};
  CredentialMemory memory;
  EXPECT_FALSE(memory.Find(question, kStart).has_value());
  memory.Put(question, answer, kStart);
  memory.Prefer(question, {"b", "pw", {}, {}});
  EXPECT_EQ(memory.Find(question, kStart)->candidates.front().username, "b");
  EXPECT_FALSE(memory.Find(question, kStart + seconds(5)).has_value()) << "files and programs may have news";
  EXPECT_EQ(memory.Put(question, answer, kStart + seconds(5)).candidates.front().username, "b");
  const CredentialAnswer changed{{{"c", "pw", {}, {}}}, {}};
  EXPECT_EQ(memory.Put(question, changed, kStart + seconds(10)).candidates.front().username, "c");
  EXPECT_FALSE(memory.Find({"r.example", "team/other"}, kStart).has_value());
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

TEST(TokenBook, KeepsATokenUntilShortBeforeItsEnd) {
  TokenBook book;
  book.Store(Key(), Token(absl::Seconds(60)), kStart);
  EXPECT_TRUE(book.Find(Key(), kStart + seconds(44)).has_value());
  EXPECT_FALSE(book.Find(Key(), kStart + seconds(45)).has_value());
  book.Store(Key(), Token(absl::Seconds(300)), kStart);
  EXPECT_TRUE(book.Find(Key(), kStart + seconds(269)).has_value());
  EXPECT_FALSE(book.Find(Key(), kStart + seconds(270)).has_value());
}

TEST(TokenBook, TellsYoungFromAged) {
  TokenBook book;
  book.Store(Key(), Token(absl::Seconds(300)), kStart);
  EXPECT_TRUE(book.Find(Key(), kStart + seconds(29))->young);
  EXPECT_FALSE(book.Find(Key(), kStart + seconds(30))->young);
}

TEST(TokenBook, RemembersARefusalForAWhile) {
  TokenBook book;
  TokenResult refusal;
  refusal.failure = Failure::kToken;
  book.Store(Key(), Share(refusal), kStart);
  EXPECT_FALSE(book.Find(Key(), kStart).has_value()) << "the server may just be down";
  refusal.refused = true;
  book.Store(Key(), Share(refusal), kStart);
  ASSERT_TRUE(book.Find(Key(), kStart + seconds(899)).has_value());
  EXPECT_EQ(book.Find(Key(), kStart)->result->failure, Failure::kToken);
  EXPECT_FALSE(book.Find(Key(), kStart + seconds(900)).has_value());
}

TEST(TokenBook, SharesNothingBetweenRepositoriesCredentialsOrEndpoints) {
  TokenBook book;
  book.Store(Key(), Token(absl::Seconds(300)), kStart);
  TokenKey repository = Key();
  repository.scopes = {"repository:b:pull"};
  TokenKey credentials = Key();
  credentials.credential.username = "me";
  TokenKey endpoint = Key();
  endpoint.endpoint = "https://other.example:443";
  for (const TokenKey& key : {repository, credentials, endpoint}) EXPECT_FALSE(book.Find(key, kStart).has_value());
}

TEST(TokenBook, ForgetsOnlyTheTokenNamed) {
  TokenBook book;
  book.Store(Key(), Token(absl::Seconds(300)), kStart);
  book.Forget(Key(), "older");
  EXPECT_TRUE(book.Find(Key(), kStart).has_value());
  book.Forget(Key(), "T");
  EXPECT_FALSE(book.Find(Key(), kStart).has_value());
}

TEST(TokenBook, RemembersWhichRealmsWantAGet) {
  TokenBook book;
  TokenResult result = *Token(absl::Seconds(300));
  result.by_get = true;
  EXPECT_FALSE(book.WantsGet(Key().realm));
  book.Store(Key(), Share(result), kStart);
  EXPECT_TRUE(book.WantsGet(Key().realm));
}

TEST(EndpointMemory, ForgetsAChallengeItCannotTransfer) {
  EndpointMemory memory;
  Learn(memory, "team/app",
        Respond(401, {{"www-authenticate", R"(Bearer realm="https://a/t",scope="repository:xteam/app:pull")"}}));
  EXPECT_FALSE(Expected(memory, "team/other").has_value());
}

TEST(EndpointMemory, KeepsScopesWithoutRepository) {
  EndpointMemory memory;
  Learn(memory, "team/app", Respond(401, {{"www-authenticate", R"(Bearer realm="https://a/t",scope="aws")"}}));
  EXPECT_EQ(Scopes("team/other", *Expected(memory, "team/other")),
            (std::vector<std::string>{"aws", "repository:team/other:pull"}));
}

TEST(EndpointMemory, LearnsNothingFromOtherAnswers) {
  EndpointMemory memory;
  Learn(memory, "team/app", Respond(403, {{"www-authenticate", "Basic realm=x"}}));
  Learn(memory, "team/app", Respond(401, {{"www-authenticate", "Negotiate"}}));
  EXPECT_FALSE(memory.challenge.has_value());
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
