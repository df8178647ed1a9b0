#include <gtest/gtest.h>

#include "played_exchange.h"
#include "registry/curl_failure.h"
#include "registry/endpoint_memory.h"
#include "registry/gate.h"
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

TokenKey Key() {
  return {.realm = "https://auth.example/t",
          .service = "s",
          .scopes = {"repository:a:pull"},
          .username = {},
          .password = {},
          .endpoint = "https://r.example:443"};
}

TokenResult Token(absl::Duration lifetime) { return {.detail = {}, .token = "T", .lifetime = lifetime}; }

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

TEST(TokenBook, SharesNothingBetweenRepositoriesCredentialsOrEndpoints) {
  TokenBook book;
  book.Store(Key(), Token(absl::Seconds(300)), kStart);
  TokenKey repository = Key();
  repository.scopes = {"repository:b:pull"};
  TokenKey credentials = Key();
  credentials.username = "me";
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
  TokenResult result = Token(absl::Seconds(300));
  result.by_get = true;
  EXPECT_FALSE(book.WantsGet(Key().realm));
  book.Store(Key(), result, kStart);
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

}  // namespace
}  // namespace tagdrift::registry
