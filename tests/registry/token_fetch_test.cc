#include "registry/auth/token_fetch.h"

#include <gtest/gtest.h>

#include "played_exchange.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;

TokenKey Key(const std::string& username = "", const std::string& password = "") {
  return {.realm = "https://auth.example/token?account=x",
          .service = "s",
          .scopes = {"a", "b"},
          .credential = {username, password, {}, {}},
          .endpoint = "https://registry.auth.example:443"};
}

TokenFetch Fetch(TokenKey key, bool skip_post = false) {
  return TokenFetch(std::move(key), *ParseUrl("https://registry.auth.example/v2/x"), "tagdrift/test", skip_post);
}

HttpRequest Sent(const TokenFetch::Step& step) { return std::get<HttpRequest>(step); }
TokenResult Result(const TokenFetch::Step& step) { return std::get<TokenResult>(step); }

TEST(TokenFetch, KeepsTheRealmsQueryAndRepeatsScopes) {
  TokenFetch fetch = Fetch(Key());
  EXPECT_EQ(Sent(fetch.Start()).url.text, "https://auth.example/token?account=x&scope=a&scope=b&service=s");
}

TEST(TokenFetch, LimitsTheBodyTo128KiB) {
  TokenFetch fetch = Fetch(Key());
  EXPECT_EQ(Sent(fetch.Start()).body_limit, 128U * 1024);
  HttpResponse response = Respond(200);
  response.too_large = true;
  EXPECT_EQ(Result(fetch.OnResponse(response)).failure, Failure::kToken);
}

TEST(TokenFetch, TakesNoTokenThatFillsTheMemory) {
  for (const auto& [size, failure] :
       {std::pair(16 * 1024, Failure::kNone), std::pair(16 * 1024 + 1, Failure::kBudget)}) {
    TokenFetch fetch = Fetch(Key());
    fetch.Start();
    const std::string token(static_cast<std::size_t>(size), 'T');
    EXPECT_EQ(Result(fetch.OnResponse(Respond(200, {}, R"({"token":")" + token + R"("})"))).failure, failure);
  }
}

TEST(TokenFetch, PrefersTheAccessTokenOfAGet) {
  TokenFetch fetch = Fetch(Key());
  fetch.Start();
  EXPECT_EQ(Result(fetch.OnResponse(Respond(200, {}, R"({"token":"A","access_token":"B"})"))).token, "B");
}

TEST(TokenFetch, TakesOnlyTheAccessTokenOfAPost) {
  TokenFetch fetch = Fetch(Key("me", "pw"));
  fetch.Start();
  EXPECT_EQ(Result(fetch.OnResponse(Respond(200, {}, R"({"token":"A"})"))).failure, Failure::kToken);
}

TEST(TokenFetch, RaisesShortLifetimesAndCapsLongOnes) {
  const auto lifetime = [](const std::string& expires) {
    TokenFetch fetch = Fetch(Key());
    fetch.Start();
    return Result(fetch.OnResponse(Respond(200, {}, R"({"token":"A","expires_in":)" + expires + "}"))).lifetime;
  };
  EXPECT_EQ(lifetime("5"), absl::Seconds(60));
  EXPECT_EQ(lifetime("-5"), absl::Seconds(60));
  EXPECT_EQ(lifetime("null"), absl::Seconds(60));
  EXPECT_EQ(lifetime("300"), absl::Seconds(300));
  EXPECT_EQ(lifetime("9000000"), absl::Hours(1));
}

TEST(TokenFetch, GoesStraightToGetWhereAPostIsKnownToFail) {
  TokenFetch fetch = Fetch(Key("me", "pw"), true);
  EXPECT_EQ(Sent(fetch.Start()).method, Method::kGet);
}

TEST(TokenFetch, SaysThatAPostWasRefused) {
  TokenFetch fetch = Fetch(Key("me", "pw"));
  fetch.Start();
  fetch.OnResponse(Respond(404));
  EXPECT_TRUE(Result(fetch.OnResponse(Respond(200, {}, R"({"token":"A"})"))).by_get);
}

TEST(TokenFetch, DoesNotTryGetAfterOtherRefusals) {
  for (const int status : {403, 500}) {
    TokenFetch fetch = Fetch(Key("me", "pw"));
    fetch.Start();
    EXPECT_EQ(Result(fetch.OnResponse(Respond(status))).failure, Failure::kToken) << status;
  }
  TokenFetch limited = Fetch(Key("me", "pw"));
  limited.Start();
  EXPECT_EQ(Result(limited.OnResponse(Respond(429))).failure, Failure::kBudget);
}

TEST(TokenFetch, RepeatsAPostOnlyToTheSameOrigin) {
  TokenFetch same = Fetch(Key("me", "pw"));
  same.Start();
  const HttpRequest again = Sent(same.OnResponse(Respond(307, {{"location", "/other"}})));
  EXPECT_EQ(again.method, Method::kPost);
  EXPECT_NE(again.body, "");
  TokenFetch other = Fetch(Key("me", "pw"));
  other.Start();
  EXPECT_EQ(Result(other.OnResponse(Respond(307, {{"location", "https://b.auth.example/"}}))).failure,
            Failure::kRefusedRealm);
}

TEST(TokenFetch, SendsNoPasswordAlongARedirect) {
  TokenFetch fetch = Fetch(Key("me", "pw"), true);
  fetch.Start();
  const HttpRequest next = Sent(fetch.OnResponse(Respond(302, {{"location", "https://b.auth.example/"}})));
  EXPECT_EQ(HeaderOf(next, "Authorization"), "");
}

TEST(TokenFetch, RefusesARedirectOutOfTheDomainOrTls) {
  for (const char* location : {"https://evil.test/", "http://auth.example/", "https://127.0.0.1/"}) {
    TokenFetch fetch = Fetch(Key("me", "pw"));
    fetch.Start();
    EXPECT_EQ(Result(fetch.OnResponse(Respond(302, {{"location", location}}))).failure, Failure::kRefusedRealm)
        << location;
  }
}

TEST(TokenFetch, EndsAnEndlessRedirect) {
  TokenFetch fetch = Fetch(Key());
  TokenFetch::Step step = fetch.Start();
  int requests = 0;
  while (std::holds_alternative<HttpRequest>(step) && requests < 100) {
    ++requests;
    step = fetch.OnResponse(Respond(302, {{"location", "/again"}}));
  }
  EXPECT_EQ(requests, 10);
  EXPECT_EQ(Result(step).failure, Failure::kToken);
}

TEST(TokenFetch, LeavesUnverifiedRealmsUndecided) {
  TokenFetch fetch = Fetch(Key("me", "pw"));
  EXPECT_TRUE(Sent(fetch.Start()).must_verify);
  EXPECT_EQ(Result(fetch.OnResponse(Break(Failure::kTls, "self signed"))).failure, Failure::kRefusedRealm);
}

}  // namespace
}  // namespace tagdrift::registry
