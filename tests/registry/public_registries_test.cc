// What the public registries do in a way of their own, each as it answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "played_exchange.h"
#include "registry/auth/base64.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A registry that challenges whoever brings no token, and its token server.
Server Guarded(const std::string& challenge, const Server& token_server, const Server& behind) {
  return [=](const HttpRequest& request) {
    if (request.for_token) return token_server(request);
    if (HeaderOf(request, "Authorization").starts_with("Bearer ")) return behind(request);
    return Respond(401, {{"www-authenticate", challenge}}, R"({"errors":[{"code":"UNAUTHORIZED"}]})");
  };
}

HttpResponse Token(const HttpRequest&) { return Respond(200, {}, R"({"token":"T","expires_in":300})"); }
HttpResponse Found(const HttpRequest&) { return Manifest(); }

/// Answers a POST as `refusal` says, a GET with a token.
Server TokenByGet(int refusal) {
  return [refusal](const HttpRequest& request) {
    return request.method == Method::kPost ? Respond(refusal) : Token(request);
  };
}

Request AskHub(const std::string& repository) {
  Request request = AskTag(Host("https", "registry-1.docker.io"), repository);
  request.registry = "docker.io";
  return request;
}

std::string HubChallenge(const std::string& more = "") {
  return R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",)"
         R"(scope="repository:library/nginx:pull")" +
         more;
}

TEST(DockerHub, AnswersWithATokenThatAnybodyGets) {
  const Played played = Player().Play(AskHub("library/nginx"), Anonymous(), Guarded(HubChallenge(), Token, Found));
  EXPECT_THAT(played.Lines(), ElementsAre("HEAD https://registry-1.docker.io/v2/library/nginx/manifests/v1",
                                          "GET https://auth.docker.io/token?scope=repository%3Alibrary%2Fnginx%3Apull"
                                          "&service=registry.docker.io",
                                          "HEAD https://registry-1.docker.io/v2/library/nginx/manifests/v1"));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kAnonymousToken);
}

TEST(DockerHub, IsDeniedAndAskedNoFurtherWhereARepositoryIsMissingOrPrivate) {
  // The token server gives a token with no rights in it; the registry then says 401 again.
  const Server refuses = [](const HttpRequest&) {
    return Respond(401, {{"www-authenticate", HubChallenge(R"(,error="insufficient_scope")")}});
  };
  const Played played = Player().Play(AskHub("library/nginx"), Anonymous(), Guarded(HubChallenge(), Token, refuses));
  EXPECT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.answer().status, 401);
  EXPECT_EQ(played.answer().access, Access::kDenied);
  EXPECT_EQ(played.answer().failure, Failure::kNone);
}

TEST(DockerHub, ADeniedRepositoryDoesNotHoldBackTheNext) {
  Player player;
  const Server server = Guarded(HubChallenge(), Token, [](const HttpRequest& request) {
    const bool gone = request.url.text.find("library/nginx") != std::string::npos;
    return gone ? Respond(401, {{"www-authenticate", HubChallenge(R"(,error="insufficient_scope")")}}) : Manifest();
  });
  player.Play(AskHub("library/nginx"), Anonymous(), server);
  const Played next = player.Play(AskHub("library/redis"), Anonymous(), server);
  EXPECT_EQ(next.answer().status, 200);
  ASSERT_EQ(next.requests.size(), 2U);
  EXPECT_THAT(next.Lines().at(0), HasSubstr("scope=repository%3Alibrary%2Fredis%3Apull"));
}

TEST(DockerHub, TakesThePasswordAtItsTokenServer) {
  const Server by_post = [](const HttpRequest&) { return Respond(200, {}, R"({"access_token":"T"})"); };
  const Played played =
      Player().Play(AskHub("library/nginx"), As("me", "pat"), Guarded(HubChallenge(), by_post, Found));
  ASSERT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.Lines().at(1), "POST https://auth.docker.io/token");
  EXPECT_THAT(played.requests.at(1).body, HasSubstr("username=me"));
  EXPECT_EQ(played.answer().access, Access::kCredentials);
}

TEST(DockerHub, AnswersAHeadWhenNoPullIsLeft) {
  const Server none_left = [](const HttpRequest&) {
    HttpResponse response = Manifest();
    response.headers.emplace_back("ratelimit-limit", "100;w=21600");
    response.headers.emplace_back("ratelimit-remaining", "0;w=21600");
    return response;
  };
  const Played played = Player().Play(AskHub("library/nginx"), Anonymous(), Guarded(HubChallenge(), Token, none_left));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().digest_header, kDigest);
}

TEST(DockerHub, SaysOnceThatItLimitsUsAndNotForHowLong) {
  const Server limits = [](const HttpRequest&) { return Respond(429, {}, "Too Many Requests"); };
  const Played played = Player().Play(AskHub("library/nginx"), Anonymous(), Guarded(HubChallenge(), Token, limits));
  EXPECT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.answer().status, 429);
  EXPECT_EQ(played.answer().retry_at, std::nullopt);
  EXPECT_EQ(played.answer().access, Access::kAnonymousToken) << "a limit says nothing about rights";
}

TEST(DockerHub, IsNotGoneWhereALawForbidsIt) {
  const Server forbidden = [](const HttpRequest&) { return Respond(451, {}, R"({"errors":[{"code":"DENIED"}]})"); };
  const Played played = Player().Play(AskHub("library/nginx"), Anonymous(), Guarded(HubChallenge(), Token, forbidden));
  EXPECT_EQ(played.answer().status, 451);
  EXPECT_EQ(played.requests.size(), 3U);
}

TEST(Ghcr, AsksForItsOwnScopeWhereTheChallengeNamesAPlaceholder) {
  const std::string challenge =
      R"(Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull")";
  const Played played = Player().Play(AskTag(Host("https", "ghcr.io")), Anonymous(), Guarded(challenge, Token, Found));
  ASSERT_EQ(played.requests.size(), 3U);
  EXPECT_THAT(played.Lines().at(1), HasSubstr("scope=repository%3Ateam%2Fapp%3Apull"));
  EXPECT_EQ(played.answer().status, 200);
}

TEST(Ghcr, IsDeniedWhereTheTokenServerForbidsAnUnknownPackage) {
  const std::string challenge =
      R"(Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:team/app:pull")";
  const Server forbids = [](const HttpRequest&) { return Respond(403, {}, R"({"errors":[{"code":"DENIED"}]})"); };
  const Played played =
      Player().Play(AskTag(Host("https", "ghcr.io")), Anonymous(), Guarded(challenge, forbids, Found));
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().failure, Failure::kToken);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Ghcr, IsNotBelievedInABodyAboutHowLongToWait) {
  const Played played = Player().Play(AskTag(Host("https", "ghcr.io")), Anonymous(), [](const HttpRequest&) {
    return Respond(
        429, {{"retry-after", "880.092µs"}},
        R"({"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 880.092µs, allowed: 44000/minute"}]})");
  });
  EXPECT_EQ(played.answer().status, 429);
  EXPECT_EQ(played.answer().retry_at, std::nullopt);
}

/// Amazon's private registry: basic only, with a challenge that has a service and a body of plain text.
HttpResponse Ecr(const HttpRequest& request) {
  if (HeaderOf(request, "Authorization") == "Basic " + Base64Encode("AWS:password")) return Manifest();
  if (!HeaderOf(request, "Authorization").empty()) return Respond(403, {}, R"({"errors":[{"code":"DENIED"}]})");
  return Respond(
      401,
      {{"www-authenticate", R"(Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com")"},
       {"content-type", "text/plain; charset=utf-8"}},
      "Not Authorized\n");
}

TEST(Ecr, TakesThePasswordItselfAndNoTokenServer) {
  const Played played =
      Player().Play(AskTag(Host("https", "1.dkr.ecr.eu-west-1.amazonaws.com")), As("AWS", "password"), Ecr);
  EXPECT_THAT(played.Lines(), ElementsAre("HEAD https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/v1",
                                          "HEAD https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/v1"));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kCredentials);
}

TEST(Ecr, IsDeniedWithoutAPassword) {
  const Played played = Player().Play(AskTag(Host("https", "1.dkr.ecr.eu-west-1.amazonaws.com")), Anonymous(), Ecr);
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Ecr, IsDeniedAndNotGoneWithAPasswordThatHasRunOut) {
  const Played played =
      Player().Play(AskTag(Host("https", "1.dkr.ecr.eu-west-1.amazonaws.com")), As("AWS", "old"), Ecr);
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().status, 403);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Ecr, NeedsNoDigestHeaderForContent) {
  Request request = AskTag(Host("https", "1.dkr.ecr.eu-west-1.amazonaws.com"));
  request.object = kDigest;
  request.question = Question::kManifest;
  request.media_type = "application/vnd.oci.image.manifest.v1+json";
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest&) {
    return Respond(200, {{"content-type", "application/vnd.oci.image.manifest.v1+json"}}, "{}");
  });
  EXPECT_EQ(played.reply.body, "{}");
}

const char* const kEcrPublic = R"(Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws")";

TEST(EcrPublic, GetsTheScopeItNamesBesideTheRepositorys) {
  Player player;
  const Server server = Guarded(kEcrPublic, Token, Found);
  const Played first = player.Play(AskTag(Host("https", "public.ecr.aws")), Anonymous(), server);
  const Played second = player.Play(AskTag(Host("https", "public.ecr.aws"), "team/other"), Anonymous(), server);
  ASSERT_EQ(first.requests.size(), 3U);
  EXPECT_EQ(first.Lines().at(1),
            "GET https://public.ecr.aws/token/?scope=aws&scope=repository%3Ateam%2Fapp%3Apull&service=public.ecr.aws");
  EXPECT_EQ(second.requests.size(), 2U) << "the challenge is remembered";
  EXPECT_EQ(second.answer().status, 200);
}

std::string GoogleChallenge(const std::string& host) {
  return "Bearer realm=\"https://" + host + "/v2/token\",service=\"" + host + "\",scope=\"repository:team/app:pull\"";
}

TEST(ArtifactRegistry, GetsItsTokenByGetWherePostIsNotFound) {
  const std::string host = "europe-docker.pkg.dev";
  const Played played = Player().Play(AskTag(Host("https", host)), As("_json_key", R"({"type":"service_account"})"),
                                      Guarded(GoogleChallenge(host), TokenByGet(404), Found));
  ASSERT_EQ(played.requests.size(), 4U);
  EXPECT_EQ(HeaderOf(played.requests.at(2), "Authorization"),
            "Basic " + Base64Encode(R"(_json_key:{"type":"service_account"})"));
  EXPECT_EQ(played.answer().status, 200);
}

TEST(ArtifactRegistry, AnswersForPublicRepositoriesWithoutAnyToken) {
  const Played played = Player().Play(AskTag(Host("https", "gcr.io")), As("_json_key", "{}"), Found);
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_THAT(played.searches, IsEmpty());
  EXPECT_EQ(played.answer().access, Access::kOpen);
}

TEST(ArtifactRegistry, IsDeniedWhereTheTokenServerRefusesTheScope) {
  const Played played =
      Player().Play(AskTag(Host("https", "gcr.io")), Anonymous(),
                    Guarded(
                        GoogleChallenge("gcr.io"), [](const HttpRequest&) { return Respond(403); }, Found));
  EXPECT_EQ(played.answer().failure, Failure::kToken);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

const char* const kAcr =
    R"(Bearer realm="https://corp.azurecr.io/oauth2/token",service="corp.azurecr.io",scope="repository:team/app:pull")";

TEST(Acr, GetsItsTokenByGetWhereThePasswordGrantIsABadRequest) {
  const Played played = Player().Play(AskTag(Host("https", "corp.azurecr.io")), As("principal", "secret"),
                                      Guarded(kAcr, TokenByGet(400), Found));
  ASSERT_EQ(played.requests.size(), 4U);
  EXPECT_EQ(HeaderOf(played.requests.at(2), "Authorization"), "Basic " + Base64Encode("principal:secret"));
  EXPECT_EQ(played.answer().status, 200);
}

TEST(Acr, TradesTheRefreshTokenOfALogin) {
  Credential login;
  login.username = "00000000-0000-0000-0000-000000000000";
  login.identity_token = "refresh";
  const Server trades = [](const HttpRequest& request) {
    const bool right = request.body.find("grant_type=refresh_token") != std::string::npos &&
                       request.body.find("refresh_token=refresh") != std::string::npos;
    return right ? Respond(200, {}, R"({"access_token":"T"})") : Respond(401);
  };
  const Played played =
      Player().Play(AskTag(Host("https", "corp.azurecr.io")), With({login}), Guarded(kAcr, trades, Found));
  EXPECT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kCredentials);
}

TEST(Acr, PrefersItsBearerChallengeToTheBasicBesideIt) {
  const Server server = [](const HttpRequest& request) {
    if (request.for_token) return Token(request);
    if (HeaderOf(request, "Authorization") == "Bearer T") return Manifest();
    return Respond(401,
                   {{"www-authenticate", R"(Basic realm="corp.azurecr.io")"}, {"www-authenticate", std::string(kAcr)}});
  };
  const Played played = Player().Play(AskTag(Host("https", "corp.azurecr.io")), Anonymous(), server);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kAnonymousToken);
}

TEST(Mcr, AsksForNothing) {
  const Played played = Player().Play(AskTag(Host("https", "mcr.microsoft.com")), As("me", "pw"), Found);
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(HeaderOf(played.requests.at(0), "Authorization"), "");
  EXPECT_EQ(played.answer().access, Access::kOpen);
}

const char* const kQuay =
    R"(Bearer realm="https://quay.io/v2/auth",service="quay.io",scope="repository:team/app:pull")";

TEST(Quay, IsDeniedForPrivateAndMissingAlike) {
  const Server refuses = [](const HttpRequest&) { return Respond(401, {{"www-authenticate", kQuay}}); };
  const Played played = Player().Play(AskTag(Host("https", "quay.io")), Anonymous(), Guarded(kQuay, Token, refuses));
  EXPECT_EQ(played.requests.size(), 3U);
  EXPECT_EQ(played.answer().status, 401);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Quay, TakesRobotsWithTheirSpecialCharacters) {
  for (const auto& [user, encoded] :
       {std::pair{"org+robot", "username=org%2Brobot"}, std::pair{"$oauthtoken", "username=%24oauthtoken"}}) {
    const Server by_post = [](const HttpRequest&) { return Respond(200, {}, R"({"access_token":"T"})"); };
    const Played played =
        Player().Play(AskTag(Host("https", "quay.io")), As(user, "p+w"), Guarded(kQuay, by_post, Found));
    EXPECT_EQ(played.answer().status, 200);
    EXPECT_THAT(played.requests.at(1).body, HasSubstr(encoded));
    EXPECT_THAT(played.requests.at(1).body, HasSubstr("password=p%2Bw"));
  }
}

TEST(KubernetesRegistry, SendsEveryManifestToAnotherHost) {
  const std::string elsewhere =
      "https://europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/team/app/manifests/v1";
  Player player;
  const Server server = [&elsewhere](const HttpRequest& request) {
    return request.url.host == "registry.k8s.io" ? Respond(307, {{"location", elsewhere}}) : Manifest();
  };
  for (int i = 0; i < 2; ++i) {
    const Played played = player.Play(AskTag(Host("https", "registry.k8s.io")), As("me", "pw"), server);
    EXPECT_THAT(played.Lines(),
                ElementsAre("HEAD https://registry.k8s.io/v2/team/app/manifests/v1", "HEAD " + elsewhere));
    EXPECT_EQ(played.answer().status, 200);
    EXPECT_EQ(played.answer().access, Access::kOpen);
    EXPECT_THAT(played.searches, IsEmpty());
  }
}

TEST(RedHat, NamesNoDigestSoThatTheBodyIsHashed) {
  const std::string body = R"({"schemaVersion":2})";
  const Played played = Player().Play(AskTag(Host("https", "registry.access.redhat.com")), Anonymous(),
                                      [&body](const HttpRequest& request) {
                                        return Respond(200, {{"content-type", "text/plain"}, {"content-length", "19"}},
                                                       request.method == Method::kGet ? body : "");
                                      });
  EXPECT_THAT(played.Lines(), ElementsAre("HEAD https://registry.access.redhat.com/v2/team/app/manifests/v1",
                                          "GET https://registry.access.redhat.com/v2/team/app/manifests/v1"));
  ASSERT_TRUE(played.answer().get.has_value());
  EXPECT_EQ(played.answer().get->digest, image::Digest::OfBytes(body));
  EXPECT_EQ(played.answer().get->content_type, "text/plain");
  for (const HttpRequest& request : played.requests) {
    EXPECT_EQ(HeaderOf(request, "Accept-Encoding"), "") << "compressed bytes have another digest";
  }
}

}  // namespace
}  // namespace tagdrift::registry
