#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "played_exchange.h"
#include "registry/exchange/exchange.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const char* const kChallenge =
    R"(Bearer realm="https://auth.registry.example/token",service="s",scope="repository:team/app:pull")";

/// A registry that wants tokens; `token_server` answers for them.
Server WantsTokenOf(const std::string& challenge, const Server& token_server, const std::string& token = "T") {
  return [=](const HttpRequest& request) {
    if (request.for_token) return token_server(request);
    if (HeaderOf(request, "Authorization") == "Bearer " + token) return Manifest();
    return Respond(401, {{"www-authenticate", challenge}});
  };
}

HttpResponse AnswerToken(const HttpRequest&) { return Respond(200, {}, R"({"token":"T","access_token":"T"})"); }

TEST(ExchangeAccess, MeetsABearerChallengeWithAnAnonymousToken) {
  const Played played = Player().Play(Ask(), Anonymous(), WantsTokenOf(kChallenge, AnswerToken));
  EXPECT_THAT(played.Lines(),
              ElementsAre("HEAD https://registry.example/v2/team/app/manifests/v1",
                          "GET https://auth.registry.example/token?scope=repository%3Ateam%2Fapp%3Apull&service=s",
                          "HEAD https://registry.example/v2/team/app/manifests/v1"));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kAnonymousToken);
  EXPECT_EQ(HeaderOf(played.requests.at(1), "Authorization"), "");
}

TEST(ExchangeAccess, PostsThePasswordAndThenTriesGet) {
  for (const int refusal : {400, 401, 404, 405}) {
    const Played played =
        Player().Play(Ask(), As("me", "p w"), WantsTokenOf(kChallenge, [refusal](const HttpRequest& request) {
                        return request.method == Method::kPost ? Respond(refusal) : AnswerToken(request);
                      }));
    ASSERT_EQ(played.requests.size(), 4U) << refusal;
    EXPECT_EQ(played.requests.at(1).method, Method::kPost);
    EXPECT_EQ(played.requests.at(1).body,
              "client_id=containerd-client&grant_type=password&password=p+w&scope=repository%3Ateam%2Fapp%3Apull"
              "&service=s&username=me");
    EXPECT_EQ(HeaderOf(played.requests.at(1), "Authorization"), "");
    EXPECT_EQ(HeaderOf(played.requests.at(2), "Authorization"), "Basic " + text::Base64Encode("me:p w"));
    EXPECT_EQ(played.answer().access, Access::kCredentials);
  }
}

TEST(ExchangeAccess, IsContentWithThePostedPassword) {
  const Played played = Player().Play(Ask(), As("me", "pw"), WantsTokenOf(kChallenge, AnswerToken));
  EXPECT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.answer().status, 200);
}

struct TokenFailureCase {
  const char* name;
  HttpResponse response;
  Failure failure;
  const char* detail;
};

class TokenFailure : public testing::TestWithParam<TokenFailureCase> {};

TEST_P(TokenFailure, EndsTheExchange) {
  const Played played = Player().Play(Ask(), Anonymous(),
                                      WantsTokenOf(kChallenge, [](const HttpRequest&) { return GetParam().response; }));
  EXPECT_EQ(played.answer().failure, GetParam().failure);
  EXPECT_EQ(played.answer().access, Access::kDenied);
  EXPECT_THAT(played.answer().failure_detail, HasSubstr(GetParam().detail));
  EXPECT_EQ(played.answer().status, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, TokenFailure,
    testing::Values(
        TokenFailureCase{"Refused", Respond(401), Failure::kToken, "auth.registry.example answered 401"},
        TokenFailureCase{"Html", Respond(200, {}, "<html>"), Failure::kToken, "no JSON"},
        TokenFailureCase{"NoToken", Respond(200, {}, "{}"), Failure::kToken, "no usable token"},
        TokenFailureCase{"Injection", Respond(200, {}, R"({"token":"a\r\nX: y"})"), Failure::kToken, "usable"},
        TokenFailureCase{"Down", Break(Failure::kConnect, "connection refused"), Failure::kToken, "refused"},
        TokenFailureCase{"OurDeadline", Break(Failure::kDeadline, "late"), Failure::kDeadline, "late"}),
    [](const auto& row) { return row.param.name; });

TEST(ExchangeAccess, IsDeniedWhenTheTokenDoesNotHelp) {
  const Played played = Player().Play(Ask(), Anonymous(), WantsTokenOf(kChallenge, AnswerToken, "another"));
  EXPECT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.answer().status, 401);
  EXPECT_EQ(played.answer().failure, Failure::kNone);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(ExchangeAccess, SendsBasicOnlyWithCredentialsForTheHost) {
  const Server server = [](const HttpRequest& request) {
    if (HeaderOf(request, "Authorization") == "Basic " + text::Base64Encode("me:pw")) return Manifest();
    return Respond(401, {{"www-authenticate", "Basic realm=\"x\""}});
  };
  const Played with = Player().Play(Ask(), As("me", "pw"), server);
  EXPECT_EQ(with.answer().status, 200);
  EXPECT_EQ(with.answer().access, Access::kCredentials);
  const Played without = Player().Play(Ask(), Anonymous(), server);
  EXPECT_EQ(without.requests.size(), 1U);
  EXPECT_EQ(without.answer().failure, Failure::kToken);
  EXPECT_EQ(without.answer().access, Access::kDenied);
}

TEST(ExchangeAccess, StopsWhenBasicIsRefused) {
  const Played played = Player().Play(Ask(), As("me", "wrong"), [](const HttpRequest&) {
    return Respond(401, {{"www-authenticate", "Basic realm=\"x\""}});
  });
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().status, 401);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(ExchangeAccess, IsDeniedWithoutAUsableScheme) {
  for (const char* challenge : {"", "Negotiate", "Digest realm=\"x\",nonce=\"n\""}) {
    const Played played = Player().Play(Ask(), As("me", "pw"), [challenge](const HttpRequest&) {
      return Respond(401, {{"www-authenticate", challenge}});
    });
    EXPECT_EQ(played.requests.size(), 1U) << challenge;
    EXPECT_EQ(played.answer().status, 401) << challenge;
    EXPECT_EQ(played.answer().access, Access::kDenied) << challenge;
  }
}

TEST(ExchangeAccess, FailsOnABearerChallengeWithoutRealm) {
  const Played played = Player().Play(Ask(), Anonymous(), [](const HttpRequest&) {
    return Respond(401, {{"www-authenticate", "Bearer service=\"s\""}});
  });
  EXPECT_EQ(played.answer().failure, Failure::kToken);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(ExchangeAccess, AsksForTheTokenFirstOnceAChallengeIsKnown) {
  Player player;
  const Server server = WantsTokenOf(kChallenge, AnswerToken);
  player.Play(Ask(), Anonymous(), server);
  const Played second = player.Play(Ask("team/other"), Anonymous(), server);
  EXPECT_THAT(second.Lines(),
              ElementsAre("GET https://auth.registry.example/token?scope=repository%3Ateam%2Fother%3Apull&service=s",
                          "HEAD https://registry.example/v2/team/other/manifests/v1"));
}

TEST(ExchangeAccess, KeepsThePrefixOfAMirrorsScope) {
  Player player;
  const Server server =
      WantsTokenOf(R"(Bearer realm="https://auth.example/t",scope="repository:hub/team/app:pull")", AnswerToken);
  player.Play(Ask(), Anonymous(), server);
  const Played second = player.Play(Ask("team/other"), Anonymous(), server);
  EXPECT_THAT(second.Lines().at(0), HasSubstr("scope=repository%3Ahub%2Fteam%2Fother%3Apull"));
  EXPECT_THAT(second.Lines().at(0), HasSubstr("scope=repository%3Ateam%2Fother%3Apull"));
}

TEST(ExchangeAccess, AsksOpenRepositoryWithoutTokenWhenNoneIsGiven) {
  Player player;
  player.Play(Ask(), Anonymous(), WantsTokenOf(kChallenge, AnswerToken));
  const Played open = player.Play(Ask("team/open"), Anonymous(), [](const HttpRequest& request) {
    return request.for_token ? Respond(403) : Manifest();
  });
  EXPECT_EQ(open.answer().status, 200);
  EXPECT_EQ(open.answer().access, Access::kOpen);
}

TEST(ExchangeAccess, FetchesNoTokenTwiceWhenTheServerRefusesIt) {
  Player player;
  player.Play(Ask(), Anonymous(), WantsTokenOf(kChallenge, AnswerToken));
  const Played refused =
      player.Play(Ask(), Anonymous(), WantsTokenOf(kChallenge, [](const HttpRequest&) { return Respond(403); }));
  EXPECT_EQ(refused.requests.size(), 2U);
  EXPECT_EQ(refused.answer().failure, Failure::kToken);
}

TEST(ExchangeAccess, AsksOnceMoreWhenTheServerNamesOtherScopes) {
  Player player;
  player.Play(Ask(), Anonymous(), WantsTokenOf(kChallenge, AnswerToken));
  const std::string wider = R"(Bearer realm="https://auth.registry.example/token",scope="repository:mapped/name:pull")";
  const Played played = player.Play(Ask("team/other"), Anonymous(), [&](const HttpRequest& request) {
    const bool asks_wider = request.url.text.find("mapped") != std::string::npos;
    if (request.for_token) return Respond(200, {}, asks_wider ? R"({"token":"W"})" : R"({"token":"T"})");
    if (HeaderOf(request, "Authorization") == "Bearer W") return Manifest();
    return Respond(401, {{"www-authenticate", wider}});
  });
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.requests.size(), 4U);
}

TEST(ExchangeAccess, ResolvesARelativeRealm) {
  const Played played =
      Player().Play(Ask(), Anonymous(), WantsTokenOf(R"(Bearer realm="/v2/token",service="s")", AnswerToken));
  EXPECT_THAT(played.Lines().at(1), HasSubstr("https://registry.example/v2/token?"));
}

TEST(ExchangeAccess, SendsNoCredentialsToAStrangersRealm) {
  const Server server = WantsTokenOf(R"(Bearer realm="https://evil.test/token")", AnswerToken);
  const Played with = Player().Play(Ask(), As("me", "pw"), server);
  EXPECT_EQ(with.requests.size(), 1U);
  EXPECT_EQ(with.answer().failure, Failure::kRefusedRealm);
  EXPECT_EQ(with.answer().access, Access::kDenied);
  const Played without = Player().Play(Ask(), Anonymous(), server);
  EXPECT_EQ(without.answer().status, 200);
}

TEST(ExchangeAccess, SendsNothingToAnInternalRealm) {
  const Played played =
      Player().Play(Ask(), Anonymous(), WantsTokenOf(R"(Bearer realm="https://169.254.169.254/token")", AnswerToken));
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().failure, Failure::kRefusedRealm);
}

TEST(ExchangeAccess, VerifiesAnotherHostsCertificateWhenASecretGoesThere) {
  auto host = Host("https", "r.registry.example");
  host->skip_verify = true;
  const Played played = Player().Play(AskTag(host), As("me", "pw"), WantsTokenOf(kChallenge, AnswerToken));
  EXPECT_FALSE(played.requests.at(0).must_verify);
  EXPECT_TRUE(played.requests.at(1).must_verify);
}

TEST(ExchangeAccess, DropsAnAgedTokenAndFetchesOnce) {
  Exchange exchange(Ask(), Anonymous().settings);
  exchange.Start();
  exchange.Plan({});
  exchange.OnResponse(Respond(401, {{"www-authenticate", kChallenge}}));
  exchange.OnCredentials({});
  exchange.OnToken(Granted("old", false));
  const Exchange::Step step = exchange.OnResponse(Respond(401, {{"www-authenticate", kChallenge}}));
  EXPECT_TRUE(std::holds_alternative<WantToken>(step));
  ASSERT_TRUE(exchange.stale_token().has_value());
  EXPECT_EQ(exchange.stale_token()->second, "old");
}

TEST(ExchangeAccess, ShowsNoSecretInTheAnswer) {
  auto host = Host("https", "registry.example");
  host->headers = {{"X-Api-Key", {"HUSH-header"}}};
  const std::vector<Server> servers = {
      WantsTokenOf(kChallenge, [](const HttpRequest&) { return Respond(200, {}, R"({"token":"HUSH token"})"); }),
      WantsTokenOf(kChallenge, [](const HttpRequest&) { return Respond(403, {}, "HUSH-echo"); }),
      WantsTokenOf(R"(Bearer realm="https://u:HUSH-user@auth.registry.example/t?k=HUSH-query")", AnswerToken),
      WantsTokenOf(R"(Bearer realm="http://registry.example/t?k=HUSH-query")", AnswerToken),
      [](const HttpRequest&) {
        return Respond(307, {{"location", "http://other.example/?sig=HUSH-sig"}});
      },
      [](const HttpRequest&) {
        return Respond(307, {{"location", "ftp://u:HUSH@other.example/"}});
      },
      [](const HttpRequest&) {
        return Respond(401, {{"www-authenticate", "Basic realm=\"HUSH-realm\""}});
      }};
  for (const Server& server : servers) {
    for (const auto& settings : {Anonymous(), As("HUSH-user", "HUSH-password")}) {
      const hosts::Answer answer = Player().Play(AskTag(host), settings, server).answer();
      EXPECT_THAT(answer.failure_detail + answer.error_code + answer.content_type, Not(HasSubstr("HUSH")));
      EXPECT_TRUE(answer.failure != Failure::kNone || answer.status == 401);
    }
  }
}

}  // namespace
}  // namespace tagdrift::registry
