// What the registries that companies run themselves do in a way of their own, each as it answers.
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
using testing::Not;

/// A registry that challenges whoever brings no token, and its token server.
Server Guarded(const std::string& challenge, const Server& token_server, const Server& behind) {
  return [=](const HttpRequest& request) {
    if (request.for_token) return token_server(request);
    if (HeaderOf(request, "Authorization").starts_with("Bearer ")) return behind(request);
    return Respond(401, {{"www-authenticate", challenge}});
  };
}

/// A registry that takes basic auth only.
Server WantsPassword(const std::string& challenge, const std::string& login, const Server& behind) {
  return [=](const HttpRequest& request) {
    if (HeaderOf(request, "Authorization") == "Basic " + Base64Encode(login)) return behind(request);
    return Respond(401, {{"www-authenticate", challenge}});
  };
}

HttpResponse Token(const HttpRequest&) { return Respond(200, {}, R"({"token":"T"})"); }
HttpResponse Found(const HttpRequest&) { return Manifest(); }

/// Answers a POST as `refusal` says, a GET with a token.
Server TokenByGet(int refusal) {
  return [refusal](const HttpRequest& request) {
    return request.method == Method::kPost ? Respond(refusal) : Token(request);
  };
}

std::string HarborChallenge(const std::string& repository) {
  return "Bearer realm=\"https://harbor.corp.example/service/token\",service=\"harbor-registry\",scope=\"repository:" +
         repository + ":pull\"";
}

Request AskHarbor(const std::string& repository) { return AskTag(Host("https", "harbor.corp.example"), repository); }

TEST(Harbor, GetsItsTokenByGetWherePostIsNotAllowed) {
  const Played played = Player().Play(AskHarbor("team/app"), As("robot$team+ci", "secret"),
                                      Guarded(HarborChallenge("team/app"), TokenByGet(405), Found));
  ASSERT_EQ(played.requests.size(), 4U);
  EXPECT_EQ(HeaderOf(played.requests.at(2), "Authorization"), "Basic " + Base64Encode("robot$team+ci:secret"));
  EXPECT_EQ(played.answer().status, 200);
}

/// A proxy project for Docker Hub: what lacks `library/` is sent to the same host with it.
HttpResponse HubProxy(const HttpRequest& request) {
  if (request.url.text.find("/hub/nginx/") == std::string::npos) return Manifest();
  return Respond(301, {{"location", "/v2/hub/library/nginx/manifests/v1"}});
}

TEST(Harbor, IsFollowedToTheLibraryOfAPublicProxyProject) {
  const Played played = Player().Play(AskHarbor("hub/nginx"), Anonymous(), HubProxy);
  EXPECT_THAT(played.Lines(), ElementsAre("HEAD https://harbor.corp.example/v2/hub/nginx/manifests/v1",
                                          "HEAD https://harbor.corp.example/v2/hub/library/nginx/manifests/v1"));
  EXPECT_EQ(played.answer().status, 200);
}

TEST(Harbor, GetsATokenForTheLibraryWhereTheRedirectLeads) {
  // The token for hub/nginx does not open hub/library/nginx, and the challenge there says so.
  const Server server = [](const HttpRequest& request) {
    if (request.for_token) {
      const bool library = request.url.text.find("hub%2Flibrary%2Fnginx") != std::string::npos;
      return Respond(200, {}, library ? R"({"token":"library"})" : R"({"token":"nginx"})");
    }
    const bool library = request.url.text.find("/hub/library/nginx/") != std::string::npos;
    const std::string repository = library ? "hub/library/nginx" : "hub/nginx";
    if (HeaderOf(request, "Authorization") == (library ? "Bearer library" : "Bearer nginx")) return HubProxy(request);
    return Respond(401, {{"www-authenticate", HarborChallenge(repository)}});
  };
  const Played played = Player().Play(AskHarbor("hub/nginx"), Anonymous(), server);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().access, Access::kAnonymousToken);
}

TEST(Harbor, GetsNoPasswordAtTheForeignRealmOfAWrongExternalUrl) {
  const std::string challenge =
      R"(Bearer realm="https://harbor.internal.test/service/token",service="harbor-registry")";
  const Played played = Player().Play(AskHarbor("team/app"), As("me", "secret"), Guarded(challenge, Token, Found));
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().failure, Failure::kRefusedRealm);
  EXPECT_THAT(played.answer().failure_detail, HasSubstr("harbor.internal.test"));
}

TEST(Harbor, SaysInItsOwnWordsThatItsUpstreamIsBusy) {
  const Played played = Player().Play(AskHarbor("hub/library/nginx"), Anonymous(), [](const HttpRequest&) {
    return Respond(429, {{"retry-after", "120"}}, R"({"errors":[{"code":"TOOMANYREQUESTS"}]})");
  });
  EXPECT_EQ(played.answer().status, 429);
  EXPECT_EQ(played.answer().retry_at, absl::FromUnixSeconds(1'800'000'120));
  EXPECT_EQ(played.requests.size(), 1U);
}

std::string GitLabChallenge(const std::string& realm_host) {
  return "Bearer realm=\"https://" + realm_host +
         "/jwt/auth\",service=\"container_registry\",scope=\"repository:team/app:pull\"";
}

TEST(GitLab, SendsThePasswordToItsTokenServerOnTheSameDomain) {
  for (const auto& [registry, realm] :
       {std::pair{"registry.gitlab.com", "gitlab.com"}, std::pair{"registry.corp.example", "gitlab.corp.example"}}) {
    const Played played = Player().Play(AskTag(Host("https", registry)), As("deploy", "token"),
                                        Guarded(GitLabChallenge(realm), TokenByGet(404), Found));
    EXPECT_EQ(played.answer().status, 200) << registry;
    ASSERT_EQ(played.requests.size(), 4U);
    EXPECT_EQ(played.requests.at(2).url.host, realm);
    EXPECT_EQ(HeaderOf(played.requests.at(2), "Authorization"), "Basic " + Base64Encode("deploy:token"));
  }
}

TEST(GitLab, SendsNoPasswordToATokenServerOnAnotherDomain) {
  const Played played = Player().Play(AskTag(Host("https", "registry.corp.example")), As("deploy", "token"),
                                      Guarded(GitLabChallenge("gitlab.other.example.net"), Token, Found));
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().failure, Failure::kRefusedRealm);
}

const char* const kForgejo = R"(Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",)"
                             R"(Basic realm="https://codeberg.org/v2",service="container_registry",scope="*")";

TEST(Forgejo, IsReadWhereItJoinsTwoChallengesInOneLine) {
  Player player;
  const Server server = Guarded(kForgejo, Token, Found);
  const Played first = player.Play(AskTag(Host("https", "codeberg.org")), Anonymous(), server);
  const Played second = player.Play(AskTag(Host("https", "codeberg.org"), "team/other"), Anonymous(), server);
  EXPECT_EQ(first.answer().status, 200);
  EXPECT_EQ(first.answer().access, Access::kAnonymousToken);
  ASSERT_EQ(first.requests.size(), 3U);
  EXPECT_THAT(first.Lines().at(1), HasSubstr("GET https://codeberg.org/v2/token?"));
  EXPECT_THAT(first.Lines().at(1), HasSubstr("scope=repository%3Ateam%2Fapp%3Apull"));
  EXPECT_EQ(second.requests.size(), 2U) << "the challenge is remembered";
}

TEST(Forgejo, GetsItsTokenByGetWherePostIsNotFound) {
  const Played played = Player().Play(AskTag(Host("https", "codeberg.org")), As("me", "token"),
                                      Guarded(kForgejo, TokenByGet(404), Found));
  EXPECT_EQ(played.requests.size(), 4U);
  EXPECT_EQ(played.answer().access, Access::kCredentials);
}

const char* const kNexus = R"(BASIC realm="Sonatype Nexus Repository Manager")";

TEST(Nexus, TakesAPasswordWhereItsTokenRealmIsOff) {
  const Played played = Player().Play(AskTag(Host("https", "nexus.corp.example:8443")), As("me", "pw"),
                                      WantsPassword(kNexus, "me:pw", Found));
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().access, Access::kCredentials);
}

TEST(Nexus, LetsNobodyInAnonymouslyWhereItsTokenRealmIsOff) {
  const Played played = Player().Play(AskTag(Host("https", "nexus.corp.example:8443")), Anonymous(),
                                      WantsPassword(kNexus, "me:pw", Found));
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Nexus, GivesTokensWhereItsTokenRealmIsOn) {
  const std::string challenge =
      R"(Bearer realm="https://nexus.corp.example:8443/v2/token",service="https://nexus.corp.example:8443/v2/token")";
  const Played played =
      Player().Play(AskTag(Host("https", "nexus.corp.example:8443")), Anonymous(), Guarded(challenge, Token, Found));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_THAT(played.Lines().at(1), HasSubstr("scope=repository%3Ateam%2Fapp%3Apull"));
}

TEST(Nexus, IsHashedWhereItLeavesTheDigestOut) {
  const Played played =
      Player().Play(AskTag(Host("https", "nexus.corp.example")), Anonymous(), [](const HttpRequest& request) {
        return Respond(200, {{"content-type", "application/vnd.oci.image.index.v1+json"}, {"content-length", "2"}},
                       request.method == Method::kGet ? "{}" : "");
      });
  ASSERT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().get->digest, image::Digest::OfBytes("{}"));
}

const char* const kArtifactory =
    R"(Bearer realm="https://art.corp.example/artifactory/api/docker/null/v2/token",service="art.corp.example")";

TEST(Artifactory, GetsItsTokenByGetWherePostIsUnauthorized) {
  const Played played = Player().Play(AskTag(Host("https", "art.corp.example")), As("me", "key"),
                                      Guarded(kArtifactory, TokenByGet(401), Found));
  ASSERT_EQ(played.requests.size(), 4U);
  EXPECT_EQ(HeaderOf(played.requests.at(2), "Authorization"), "Basic " + Base64Encode("me:key"));
  EXPECT_EQ(played.answer().status, 200);
}

TEST(Artifactory, IsDeniedAndNotGoneWhereAMissingTagIsForbidden) {
  const Server forbids = [](const HttpRequest&) { return Respond(403, {}, R"({"errors":[{"code":"DENIED"}]})"); };
  const Played played = Player().Play(AskTag(Host("https", "art.corp.example")), As("me", "key"),
                                      Guarded(kArtifactory, TokenByGet(401), forbids));
  EXPECT_EQ(played.answer().status, 403);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Artifactory, IsHashedWhereItsETagIsNoDigest) {
  const Played played =
      Player().Play(AskTag(Host("https", "art.corp.example")), Anonymous(), [](const HttpRequest& request) {
        return Respond(200,
                       {{"etag", "e84c7e494bfd66a6974b944753dee898b439713a"},
                        {"x-checksum-sha256", std::string(64, 'b')},
                        {"content-type", "application/vnd.oci.image.manifest.v1+json"},
                        {"content-length", "2"}},
                       request.method == Method::kGet ? "{}" : "");
      });
  ASSERT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().get->digest, image::Digest::OfBytes("{}"));
}

TEST(Artifactory, TakesThePasswordWhereItWantsBasic) {
  const Played played = Player().Play(AskTag(Host("https", "art.corp.example")), As("me", "key"),
                                      WantsPassword(R"(Basic realm="Artifactory Realm")", "me:key", Found));
  EXPECT_EQ(played.answer().access, Access::kCredentials);
}

TEST(Spegel, IsToldWhichRegistryIsMeant) {
  Request request = AskTag(Host("http", "127.0.0.1:30020"), "library/nginx");
  request.registry = "docker.io";
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest& received) {
    const bool told = received.url.text.ends_with("?ns=docker.io");
    HttpResponse response = told ? Manifest() : Respond(404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})");
    response.headers.emplace_back("oci-namespace", "docker.io");
    return response;
  });
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.requests.size(), 1U);
}

TEST(Zot, HidesUnknownPathsUntilThePasswordIsRight) {
  const Server missing = [](const HttpRequest&) { return Respond(404, {}, R"({"errors":[{"code":"NAME_UNKNOWN"}]})"); };
  const Server zot = WantsPassword(R"(Basic realm="Authorization Required")", "me:pw", missing);
  const Played stranger = Player().Play(AskTag(Host("https", "zot.corp.example")), Anonymous(), zot);
  EXPECT_EQ(stranger.answer().access, Access::kDenied);
  EXPECT_NE(stranger.answer().status, 404);

  Request confirm = AskTag(Host("https", "zot.corp.example"));
  confirm.question = Question::kConfirm;
  const Played known = Player().Play(confirm, As("me", "pw"), zot);
  EXPECT_EQ(known.answer().status, 404);
  EXPECT_EQ(known.answer().error_code, "NAME_UNKNOWN");
  EXPECT_EQ(known.answer().access, Access::kCredentials);
}

TEST(Distribution, ChallengesBeforeItLooksForTheTag) {
  const Server missing = [](const HttpRequest&) {
    return Respond(404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})");
  };
  const Played played = Player().Play(AskTag(Host("https", "registry.corp.example:5000")), As("me", "wrong"),
                                      WantsPassword(R"(Basic realm="any words")", "me:pw", missing));
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().status, 401);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(Distribution, IsNoMissingTagWhereItsPullThroughLacksTheLibraryPrefix) {
  const Played played =
      Player().Play(AskTag(Host("https", "cache.corp.example:5000"), "nginx"), Anonymous(), [](const HttpRequest&) {
        return Respond(500, {}, R"({"errors":[{"code":"UNKNOWN","detail":{"errors":[{"code":"UNAUTHORIZED"}]}}]})");
      });
  EXPECT_EQ(played.answer().status, 500);
  EXPECT_EQ(played.requests.size(), 1U);
}

}  // namespace
}  // namespace tagdrift::registry
