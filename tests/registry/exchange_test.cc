#include "registry/exchange/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "played_exchange.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::ElementsAre;
using testing::HasSubstr;

const char* const kUrl = "https://registry.example/v2/team/app/manifests/v1";

Played PlayTag(const Server& server) {
  return Player().Play(AskTag(Host("https", "registry.example")), Anonymous(), server);
}

TEST(Exchange, TakesDigestFromTheHead) {
  const Played played = PlayTag([](const HttpRequest&) { return Manifest(); });
  EXPECT_THAT(played.Lines(), ElementsAre(std::string("HEAD ") + kUrl));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().digest_header, kDigest);
  EXPECT_EQ(played.answer().content_length, 1234);
  EXPECT_EQ(played.answer().content_type, "application/vnd.oci.image.index.v1+json");
  EXPECT_EQ(played.answer().access, Access::kOpen);
  EXPECT_FALSE(played.answer().get.has_value());
}

TEST(Exchange, SendsContainerdsAcceptAndNoEncoding) {
  const Played played = PlayTag([](const HttpRequest&) { return Manifest(); });
  const HttpRequest& head = played.requests.at(0);
  EXPECT_EQ(HeaderOf(head, "Accept"),
            "application/vnd.docker.distribution.manifest.v2+json, "
            "application/vnd.docker.distribution.manifest.list.v2+json, "
            "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*");
  EXPECT_EQ(HeaderOf(head, "User-Agent"), "tagdrift/test");
  EXPECT_EQ(HeaderOf(head, "Accept-Encoding"), "");
  EXPECT_EQ(HeaderOf(head, "Authorization"), "");
}

TEST(Exchange, AsksMirrorWithTheRegistrysName) {
  Request request = AskTag(Host("https", "mirror.example"));
  request.registry = "docker.io";
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest&) { return Manifest(); });
  EXPECT_THAT(played.Lines(), ElementsAre("HEAD https://mirror.example/v2/team/app/manifests/v1?ns=docker.io"));
}

TEST(Exchange, SendsConfiguredHeadersButNotThoseGoKeeps) {
  auto host = Host("https", "registry.example");
  host->headers = {{"X-Team", {"a", "b"}}, {"User-Agent", {"other"}}, {"Host", {"other"}}, {"accept", {"text/x"}}};
  const Played played = Player().Play(AskTag(host), Anonymous(), [](const HttpRequest&) { return Manifest(); });
  const Headers& headers = played.requests.at(0).headers;
  EXPECT_THAT(headers, testing::Contains(testing::Pair("X-Team", "a")));
  EXPECT_THAT(headers, testing::Contains(testing::Pair("X-Team", "b")));
  EXPECT_THAT(headers, testing::Contains(testing::Pair("accept", "text/x")));
  EXPECT_THAT(headers, testing::Not(testing::Contains(testing::Pair(testing::_, "other"))));
}

TEST(Exchange, SendsNothingWhenAConfiguredHeaderCannotBeSent) {
  auto host = Host("https", "registry.example");
  host->headers = {{"X-Team", {"a\r\nX-Injected: b"}}};
  const Played played = Player().Play(AskTag(host), Anonymous(), [](const HttpRequest&) { return Manifest(); });
  EXPECT_TRUE(played.requests.empty());
  EXPECT_EQ(played.answer().failure, Failure::kUnusable);
}

TEST(Exchange, IsUnusableWithoutAHost) {
  const Played played = Player().Play(AskTag(Host("", "")), Anonymous(), [](const HttpRequest&) { return Manifest(); });
  EXPECT_EQ(played.answer().failure, Failure::kUnusable);
}

struct FollowUpCase {
  const char* name;
  Headers headers;
  bool follows;
};

class ExchangeFollowUp : public testing::TestWithParam<FollowUpCase> {};

TEST_P(ExchangeFollowUp, AsksOnceMoreWithGetWhenDigestOrLengthIsMissing) {
  const Played played = PlayTag([&](const HttpRequest& request) {
    if (request.method == Method::kHead) return Respond(200, GetParam().headers);
    return Respond(200, {{"content-type", "text/x"}}, "body");
  });
  ASSERT_EQ(played.requests.size(), GetParam().follows ? 2U : 1U);
  ASSERT_EQ(played.answer().get.has_value(), GetParam().follows);
  if (GetParam().follows) {
    EXPECT_EQ(played.answer().get->digest, image::Digest::OfBytes("body"));
    EXPECT_EQ(played.answer().get->size, 4);
    EXPECT_EQ(played.answer().get->content_type, "text/x");
    EXPECT_THAT(HeaderOf(played.requests.at(1), "Accept"), HasSubstr("image.index"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Headers, ExchangeFollowUp,
    testing::Values(FollowUpCase{"Both", {{"docker-content-digest", kDigest}, {"content-length", "9"}}, false},
                    FollowUpCase{"NoDigest", {{"content-length", "9"}}, true},
                    FollowUpCase{"EmptyDigest", {{"docker-content-digest", ""}, {"content-length", "9"}}, true},
                    FollowUpCase{"NoLength", {{"docker-content-digest", kDigest}}, true},
                    FollowUpCase{"BadLength", {{"docker-content-digest", kDigest}, {"content-length", "9x"}}, true},
                    FollowUpCase{"EtagIsNoDigest", {{"etag", kDigest}, {"content-length", "9"}}, true},
                    FollowUpCase{
                        "BadDigestIsKept", {{"docker-content-digest", "junk"}, {"content-length", "9"}}, false}),
    [](const auto& row) { return row.param.name; });

TEST(Exchange, HashesAnErrorPageAfterAHeadWithoutDigest) {
  const Played played = PlayTag([](const HttpRequest& request) {
    if (request.method == Method::kHead) return Respond(200);
    return Respond(503, {}, R"({"errors":[{"code":"UNAVAILABLE"}]})");
  });
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().get->status, 503);
  EXPECT_EQ(played.answer().error_code, "UNAVAILABLE");
}

TEST(Exchange, KeepsTheHeadWhenTheFollowUpBreaks) {
  const Played played = PlayTag([](const HttpRequest& request) {
    return request.method == Method::kHead ? Respond(200) : Break(Failure::kClosed, "connection reset by peer");
  });
  EXPECT_TRUE(played.answer().get_failed);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().failure, Failure::kClosed);
  EXPECT_EQ(played.answer().failure_detail, "connection reset by peer");
}

TEST(Exchange, GetsWhereHeadIsNotAllowed) {
  const Played played = PlayTag([](const HttpRequest& request) {
    if (request.method == Method::kHead) return Respond(405);
    return Respond(200, {{"docker-content-digest", kDigest}, {"content-length", "4"}}, "body");
  });
  EXPECT_THAT(played.Lines(), ElementsAre(std::string("HEAD ") + kUrl, std::string("GET ") + kUrl));
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().digest_header, kDigest);
  EXPECT_EQ(played.answer().get->digest, image::Digest::OfBytes("body"));
}

TEST(Exchange, DropsABodyAboveTheLimit) {
  const Played played = PlayTag([](const HttpRequest& request) {
    if (request.method == Method::kHead) return Respond(200);
    HttpResponse response = Respond(200);
    response.too_large = true;
    return response;
  });
  EXPECT_TRUE(played.answer().too_large);
  EXPECT_FALSE(played.answer().get.has_value());
}

TEST(Exchange, NeedsNoDigestHeaderWhenAskedByDigest) {
  Request request = AskTag(Host("https", "registry.example"));
  request.object = kDigest;
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest&) {
    return Respond(200, {{"content-length", "9"}});
  });
  EXPECT_EQ(played.requests.size(), 1U);
}

TEST(Exchange, ReadsTheErrorCodeWhenConfirming) {
  Request request = AskTag(Host("https", "registry.example"));
  request.question = Question::kConfirm;
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest&) {
    return Respond(404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"x"}]})");
  });
  EXPECT_THAT(played.Lines(), ElementsAre(std::string("GET ") + kUrl));
  EXPECT_EQ(played.answer().status, 404);
  EXPECT_EQ(played.answer().error_code, "MANIFEST_UNKNOWN");
}

TEST(Exchange, AsksByHeadAgainWhenTheTagIsThereForAGet) {
  Request request = AskTag(Host("https", "registry.example"));
  request.question = Question::kConfirm;
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest& sent) {
    return sent.method == Method::kGet ? Respond(200, {{"content-length", "7"}}, "content") : Respond(404);
  });
  EXPECT_THAT(played.Lines(), ElementsAre(std::string("GET ") + kUrl, std::string("HEAD ") + kUrl));
  EXPECT_EQ(played.answer().status, 404);
  EXPECT_FALSE(played.answer().get);
  EXPECT_EQ(played.answer().error_code, "");
}

/// HEAD is not allowed, and the GET's body breaks off.
Played PlayBrokenGet(Headers headers) {
  return Player().Play(AskTag(Host("https", "registry.example")), Anonymous(), [&](const HttpRequest& sent) {
    if (sent.method == Method::kHead) return Respond(405);
    HttpResponse response = Break(Failure::kClosed, "connection closed in the middle of the answer");
    response.status = 200;
    response.headers = headers;
    return response;
  });
}

TEST(Exchange, GoesByTheHeadOfAGetThatBreaksOffAfter405) {
  const Played played = PlayBrokenGet({{"docker-content-digest", kDigest}, {"content-length", "7"}});
  EXPECT_EQ(played.answer().failure, Failure::kNone);
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.answer().digest_header, kDigest);
}

TEST(Exchange, FailsByAGetThatBreaksOffAfter405WhenItNamesNoDigest) {
  const Played played = PlayBrokenGet({{"content-length", "7"}});
  EXPECT_EQ(played.answer().failure, Failure::kClosed);
  EXPECT_TRUE(played.answer().get_failed);
}

TEST(Exchange, KeepsTheBodyOfManifestsAndBlobs) {
  for (const Question question : {Question::kManifest, Question::kBlob}) {
    Request request = AskTag(Host("https", "registry.example"));
    request.question = question;
    request.object = kDigest;
    request.media_type = "application/x";
    const Played played =
        Player().Play(request, Anonymous(), [](const HttpRequest&) { return Respond(200, {}, "content"); });
    EXPECT_EQ(played.reply.body, "content");
    EXPECT_EQ(HeaderOf(played.requests.at(0), "Accept"), "application/x, */*");
    EXPECT_THAT(played.requests.at(0).url.text, HasSubstr(question == Question::kBlob ? "/blobs/" : "/manifests/"));
  }
}

TEST(Exchange, KeepsNoBodyOfAnError) {
  Request request = AskTag(Host("https", "registry.example"));
  request.question = Question::kManifest;
  request.object = kDigest;
  const Played played =
      Player().Play(request, Anonymous(), [](const HttpRequest&) { return Respond(404, {}, "no such thing"); });
  EXPECT_EQ(played.reply.body, "");
}

TEST(Exchange, NotesUntilWhenToWait) {
  const Played played = PlayTag([](const HttpRequest&) { return Respond(429, {{"retry-after", "120"}}); });
  EXPECT_EQ(played.requests.size(), 1U);
  EXPECT_EQ(played.answer().status, 429);
  EXPECT_EQ(played.answer().retry_at, absl::FromUnixSeconds(1'800'000'120));
}

TEST(Exchange, AsksNoSecondTimeAfterAnyStatus) {
  for (const int status : {304, 403, 404, 408, 429, 500, 502, 503, 504}) {
    const Played played = PlayTag([status](const HttpRequest&) { return Respond(status); });
    EXPECT_EQ(played.requests.size(), 1U) << status;
    EXPECT_EQ(played.answer().status, status);
    EXPECT_EQ(played.answer().failure, Failure::kNone);
    EXPECT_EQ(played.answer().access, status == 403 ? Access::kDenied : Access::kOpen) << status;
  }
}

TEST(Exchange, FallsBackToHttpWhereTheServerSpeaksIt) {
  auto host = Host("https", "registry.example:5000");
  host->http_fallback = true;
  const Server server = [](const HttpRequest& request) {
    if (request.url.scheme == "http") return Manifest();
    HttpResponse response = Break(Failure::kTls, "server does not speak TLS");
    response.plain_http = true;
    return response;
  };
  Player player;
  const Played first = player.Play(AskTag(host), Anonymous(), server);
  EXPECT_THAT(first.Lines(), ElementsAre("HEAD https://registry.example:5000/v2/team/app/manifests/v1",
                                         "HEAD http://registry.example:5000/v2/team/app/manifests/v1"));
  EXPECT_TRUE(first.answer().over_http);
  const Played second = player.Play(AskTag(host), Anonymous(), server);
  EXPECT_THAT(second.Lines(), ElementsAre("HEAD http://registry.example:5000/v2/team/app/manifests/v1"));
  EXPECT_TRUE(second.answer().over_http);
}

struct FallbackCase {
  const char* name;
  const char* host;
  bool configured;
  bool plain_http;
  bool no_connection;
  bool falls_back;
};

class ExchangeFallback : public testing::TestWithParam<FallbackCase> {};

TEST_P(ExchangeFallback, IsContainerds) {
  auto host = Host("https", GetParam().host);
  host->http_fallback = GetParam().configured;
  const Played played = Player().Play(AskTag(host), Anonymous(), [](const HttpRequest& request) {
    if (request.url.scheme == "http") return Manifest();
    HttpResponse response = Break(Failure::kConnect, "connection refused");
    response.plain_http = GetParam().plain_http;
    response.no_connection = GetParam().no_connection;
    return response;
  });
  EXPECT_EQ(played.answer().over_http, GetParam().falls_back);
  EXPECT_EQ(played.answer().failure, GetParam().falls_back ? Failure::kNone : Failure::kConnect);
}

INSTANTIATE_TEST_SUITE_P(Cases, ExchangeFallback,
                         testing::Values(FallbackCase{"PlainHttp", "r.example:5000", true, true, false, true},
                                         FallbackCase{"NotConfigured", "r.example:5000", false, true, false, false},
                                         FallbackCase{"RefusedWithPort", "r.example:5000", true, false, true, false},
                                         FallbackCase{"RefusedWithoutPort", "r.example", true, false, true, true},
                                         FallbackCase{"OtherTlsError", "r.example", true, false, false, false}),
                         [](const auto& row) { return row.param.name; });

TEST(Exchange, PutsNoLineBreakOfAnImageIntoARequest) {
  Request request = AskTag(Host("https", "registry.example"));
  request.question = Question::kBlob;
  request.object = kDigest;
  request.media_type = "x\r\nX-Evil: yes";
  const Played played = Player().Play(request, Anonymous(), [](const HttpRequest&) { return Manifest(); });
  EXPECT_TRUE(played.requests.empty());
  EXPECT_EQ(played.answer().failure, hosts::Failure::kUnusable);
}

TEST(Exchange, ShowsNoRawBytesOfAContentType) {
  const Played played = Player().Play(AskTag(Host("https", "registry.example")), Anonymous(), [](const HttpRequest&) {
    return Respond(200, {{"content-type", "a\xff\x01" + std::string(500, 'b')}, {"content-length", "1"}});
  });
  EXPECT_EQ(played.answer().content_type, "a??" + std::string(125, 'b'));
}

}  // namespace
}  // namespace tagdrift::registry
