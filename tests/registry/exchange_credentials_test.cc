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
using testing::IsEmpty;

const char* const kBearer =
    R"(Bearer realm="https://auth.registry.example/token",service="s",scope="repository:team/app:pull")";
const char* const kBasic = R"(Basic realm="registry")";

std::string BasicHeader(const std::string& login) { return "Basic " + text::Base64Encode(login); }

/// Opens for one Authorization line; the token server gives "T" for what `token_server` lets through.
Server Opens(const std::string& challenge, const std::string& authorization, int refusal = 401) {
  return [=](const HttpRequest& request) {
    const std::string sent = HeaderOf(request, "Authorization");
    if (sent == authorization) return Manifest();
    return sent.empty() ? Respond(401, {{"www-authenticate", challenge}})
                        : Respond(refusal, {{"www-authenticate", challenge}});
  };
}

TEST(ExchangeCredentials, AreNotLookedForWithoutAChallenge) {
  const Played played = Player().Play(Ask(), As("me", "pw"), [](const HttpRequest&) { return Manifest(); });
  EXPECT_THAT(played.searches, IsEmpty());
  EXPECT_EQ(played.answer().access, Access::kOpen);
}

TEST(ExchangeCredentials, AreLookedForByTheHostAndTheNameItKnows) {
  auto host = Host("https", "mirror.example:5000");
  host->path = "/v2/hub";
  Request request = AskTag(host, "library/nginx");
  request.registry = "docker.io";
  const Played played = Player().Play(request, As("me", "pw"), Opens(kBasic, BasicHeader("me:pw")));
  EXPECT_THAT(played.searches, ElementsAre(CredentialQuestion{"mirror.example:5000", "hub/library/nginx"}));
  EXPECT_EQ(played.answer().status, 200);
}

TEST(ExchangeCredentials, TriesASecondWhereTheFirstIsRefused) {
  for (const int refusal : {401, 403}) {
    const Asker asker = With({{"old", "pw", {}, {}}, {"new", "pw", {}, {}}, {"third", "pw", {}, {}}});
    const Played played = Player().Play(Ask(), asker, Opens(kBasic, BasicHeader("new:pw"), refusal));
    EXPECT_EQ(played.answer().status, 200) << refusal;
    EXPECT_EQ(played.answer().access, Access::kCredentials);
    EXPECT_EQ(played.requests.size(), 3U);
  }
}

TEST(ExchangeCredentials, NeverTriesAThird) {
  const Asker asker = With({{"a", "pw", {}, {}}, {"b", "pw", {}, {}}, {"c", "pw", {}, {}}});
  const Played played = Player().Play(Ask(), asker, Opens(kBasic, BasicHeader("c:pw")));
  EXPECT_EQ(played.answer().status, 401);
  EXPECT_EQ(played.answer().access, Access::kDenied);
  EXPECT_EQ(played.requests.size(), 3U);
}

TEST(ExchangeCredentials, TriesASecondWhereTheTokenServerRefusesTheFirst) {
  const Server server = [](const HttpRequest& request) {
    if (request.for_token) {
      if (request.body.find("username=new") != std::string::npos) return Respond(200, {}, R"({"access_token":"T"})");
      return Respond(401);
    }
    return Opens(kBearer, "Bearer T")(request);
  };
  const Played played = Player().Play(Ask(), With({{"old", "pw", {}, {}}, {"new", "pw", {}, {}}}), server);
  EXPECT_EQ(played.answer().status, 200);
  // HEAD; POST and GET for the first; POST for the second; HEAD.
  EXPECT_EQ(played.requests.size(), 5U);
}

TEST(ExchangeCredentials, GoesByTheLastRefusal) {
  const Played played =
      Player().Play(Ask(), With({{"a", "pw", {}, {}}, {"b", "pw", {}, {}}}), Opens(kBasic, "nothing", 403));
  EXPECT_EQ(played.answer().status, 403);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(ExchangeCredentials, DoesNotAskAnonymouslyWhenASourceFailed) {
  Asker asker = Anonymous();
  asker.credentials.error = "credential helper 'x' for registry.example: exit status 1";
  for (const char* challenge : {kBearer, kBasic}) {
    const Played played = Player().Play(Ask(), asker, Opens(challenge, "nothing"));
    EXPECT_EQ(played.requests.size(), 1U);
    EXPECT_EQ(played.answer().failure, Failure::kToken);
    EXPECT_EQ(played.answer().access, Access::kDenied);
    EXPECT_THAT(played.answer().failure_detail, HasSubstr("credential helper 'x'"));
  }
}

TEST(ExchangeCredentials, TradesARefreshTokenByPostOnly) {
  const Asker asker = With({{{}, {}, "R T", {}}});
  const Server good = [](const HttpRequest& request) {
    if (request.for_token) return Respond(200, {}, R"({"access_token":"T","refresh_token":"N"})");
    return Opens(kBearer, "Bearer T")(request);
  };
  const Played played = Player().Play(Ask(), asker, good);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kCredentials);
  EXPECT_EQ(played.requests.at(1).method, Method::kPost);
  EXPECT_EQ(
      played.requests.at(1).body,
      "client_id=containerd-client&grant_type=refresh_token&refresh_token=R+T&scope=repository%3Ateam%2Fapp%3Apull"
      "&service=s");
  for (const int refusal : {400, 401, 404, 405}) {
    const Played refused = Player().Play(Ask(), asker, [refusal](const HttpRequest& request) {
      return request.for_token ? Respond(refusal) : Opens(kBearer, "Bearer T")(request);
    });
    EXPECT_EQ(refused.requests.size(), 2U) << refusal;
    EXPECT_EQ(refused.answer().failure, Failure::kToken);
    EXPECT_EQ(refused.answer().access, Access::kDenied);
  }
}

TEST(ExchangeCredentials, TakesAPasswordBeforeARefreshTokenBesideIt) {
  const Played played = Player().Play(Ask(), With({{"me", "pw", "R", {}}}), [](const HttpRequest& request) {
    return request.for_token ? Respond(200, {}, R"({"access_token":"T"})") : Opens(kBearer, "Bearer T")(request);
  });
  EXPECT_THAT(played.requests.at(1).body, HasSubstr("grant_type=password"));
}

TEST(ExchangeCredentials, SendsNoRefreshTokenAsAPassword) {
  const Played played = Player().Play(Ask(), With({{{}, {}, "R", {}}}), Opens(kBasic, "nothing"));
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().access, Access::kDenied);
  EXPECT_THAT(played.answer().failure_detail, HasSubstr("only a token"));
}

TEST(ExchangeCredentials, SendsARegistryTokenAsItIs) {
  const Asker asker = With({{{}, {}, {}, "READY"}});
  const Played played = Player().Play(Ask(), asker, Opens(kBearer, "Bearer READY"));
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kCredentials);
  const Played refused = Player().Play(Ask(), asker, Opens(kBearer, "nothing"));
  EXPECT_EQ(refused.requests.size(), 2U);
  EXPECT_EQ(refused.answer().access, Access::kDenied);
}

TEST(ExchangeCredentials, AreNotLookedForWhereARedirectLeads) {
  const Server server = [](const HttpRequest& request) {
    if (request.url.host == "registry.example") return Respond(307, {{"location", "https://other.example/v2/x"}});
    return Respond(401, {{"www-authenticate", kBasic}});
  };
  const Played played = Player().Play(Ask(), As("me", "pw"), server);
  EXPECT_THAT(played.searches, IsEmpty());
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(ExchangeCredentials, LeavesARegistryTokenAtTheHost) {
  // Redirected within the host's own domain, but to another host.
  const Server server = [](const HttpRequest& request) {
    const std::string sent = HeaderOf(request, "Authorization");
    if (request.url.host == "registry.example") {
      return sent.empty() ? Respond(401, {{"www-authenticate", kBearer}})
                          : Respond(307, {{"location", "https://eu.registry.example/v2/x"}});
    }
    return sent.empty() ? Manifest() : Respond(500);
  };
  EXPECT_EQ(Player().Play(Ask(), With({{{}, {}, {}, "READY"}}), server).answer().status, 200);
}

TEST(ExchangeCredentials, StopsALoginThatIsRefusedForThreeRepositories) {
  Player player;
  int sent = 0;
  const Server server = [&sent](const HttpRequest& request) {
    if (!HeaderOf(request, "Authorization").empty()) ++sent;
    return Respond(401, {{"www-authenticate", kBasic}});
  };
  hosts::Answer last;
  for (int i = 0; i < 10; ++i) {
    const Request request = AskTag(Host("https", "registry.example"), "team/app" + std::to_string(i));
    last = player.Play(request, As("me", "wrong"), server).answer();
  }
  EXPECT_EQ(sent, 3);
  EXPECT_EQ(last.failure, Failure::kToken);
  EXPECT_EQ(last.access, Access::kDenied);
  EXPECT_THAT(last.failure_detail, HasSubstr("refused the user and password"));
}

TEST(ExchangeCredentials, GoesOnWithoutALoginThatARedirectHasLeftBehind) {
  Exchange exchange(Ask(), Anonymous().settings);
  exchange.Start();
  exchange.Plan({});
  exchange.OnResponse(Respond(401, {{"www-authenticate", kBasic}}));
  exchange.OnCredentials({{{"me", "pw", {}, {}}}, {}});
  exchange.OnLogin(false);
  exchange.OnResponse(Respond(307, {{"location", "https://other.example/v2/x"}}));
  const Exchange::Step step = exchange.OnLogin(false);
  ASSERT_TRUE(std::holds_alternative<HttpRequest>(step));
  EXPECT_EQ(HeaderOf(std::get<HttpRequest>(step), "Authorization"), "");
}

TEST(ExchangeCredentials, TriesTheSecondAtATokenServerThatHasRefusedTheFirstTooOften) {
  const Asker asker = With({{"old", "pw", {}, {}}, {"new", "pw", {}, {}}});
  Exchange exchange(Ask(), asker.settings);
  exchange.Start();
  exchange.Plan({});
  exchange.OnResponse(Respond(401, {{"www-authenticate", kBearer}}));
  exchange.OnCredentials(asker.credentials);
  TokenResult refused_before;
  refused_before.failure = Failure::kToken;
  refused_before.wrong_login = true;
  const Exchange::Step step = exchange.OnToken({std::make_shared<TokenResult>(refused_before), true});
  ASSERT_TRUE(std::holds_alternative<WantToken>(step));
  EXPECT_EQ(std::get<WantToken>(step).key->credential.username, "new");
}

TEST(ExchangeCredentials, RenewsATokenThatHasRunOutWhereTheServerSaysBadRequest) {
  Exchange exchange(Ask(), Anonymous().settings);
  exchange.Start();
  exchange.Plan({});
  exchange.OnResponse(Respond(401, {{"www-authenticate", kBearer}}));
  exchange.OnCredentials({});
  exchange.OnToken(Granted("old", false));
  EXPECT_TRUE(std::holds_alternative<WantToken>(exchange.OnResponse(Respond(400))));
  EXPECT_EQ(exchange.stale_token()->second, "old");
  exchange.OnToken(Granted("new", true));
  const Exchange::Step step = exchange.OnResponse(Respond(400));
  ASSERT_TRUE(std::holds_alternative<Reply>(step));
  EXPECT_EQ(std::get<Reply>(step).answer.status, 400);
}

TEST(ExchangeCredentials, SaysWhenATokenServerLimitsUs) {
  const Played played = Player().Play(Ask(), Anonymous(), [](const HttpRequest& request) {
    return request.for_token ? Respond(429, {{"retry-after", "120"}}) : Respond(401, {{"www-authenticate", kBearer}});
  });
  EXPECT_EQ(played.answer().failure, Failure::kBudget);
  EXPECT_NE(played.answer().access, Access::kDenied);
  EXPECT_EQ(played.answer().retry_at, absl::FromUnixSeconds(1'800'000'120));
}

}  // namespace
}  // namespace tagdrift::registry
