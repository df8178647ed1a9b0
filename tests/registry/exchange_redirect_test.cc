#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "played_exchange.h"
#include "registry/exchange/exchange.h"
#include "registry/http/redirect_rules.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::ElementsAre;
using testing::HasSubstr;

/// Redirects what goes to registry.example to `location`; everybody else has the manifest.
Server RedirectsTo(const std::string& location, int status = 307) {
  return [=](const HttpRequest& request) {
    return request.url.host == "registry.example" ? Respond(status, {{"location", location}}) : Manifest();
  };
}

TEST(ExchangeRedirect, StaysAHeadAndTakesTheLocationAsItIs) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const Played played =
        Player().Play(Ask(), Anonymous(), RedirectsTo("https://cdn.example/x%2Fy/../z?sig=a%20b", status));
    EXPECT_THAT(played.Lines(), ElementsAre("HEAD https://registry.example/v2/team/app/manifests/v1",
                                            testing::StartsWith("HEAD https://cdn.example/")))
        << status;
    EXPECT_THAT(played.Lines().at(1), HasSubstr("?sig=a%20b"));
    EXPECT_EQ(played.answer().digest_header, kDigest);
  }
}

TEST(ExchangeRedirect, ResolvesARelativeLocation) {
  const Played played = Player().Play(Ask(), Anonymous(), [](const HttpRequest& request) {
    if (request.url.text.find("elsewhere") != std::string::npos) return Manifest();
    return Respond(302, {{"location", "/v2/elsewhere/manifests/v1"}});
  });
  EXPECT_EQ(played.Lines().at(1), "HEAD https://registry.example/v2/elsewhere/manifests/v1");
}

TEST(ExchangeRedirect, LeavesAStatusWithoutLocation) {
  for (const int status : {300, 302, 304, 307}) {
    const Played played = Player().Play(Ask(), Anonymous(), [status](const HttpRequest&) { return Respond(status); });
    EXPECT_EQ(played.answer().status, status);
    EXPECT_TRUE(played.answer().location_missing);
    EXPECT_EQ(played.answer().failure, Failure::kNone);
  }
}

TEST(ExchangeRedirect, LeadsNowhereWithABadLocation) {
  for (const char* location : {"ftp://cdn.example/x", "https://", "http://[::1", "https://cdn.example:99999/"}) {
    const Played played = Player().Play(Ask(), Anonymous(), RedirectsTo(location));
    EXPECT_EQ(played.answer().failure, Failure::kRedirectLoop) << location;
    EXPECT_EQ(played.requests.size(), 1U) << location;
  }
}

TEST(ExchangeRedirect, StopsAfterAsManyRequestsAsContainerd) {
  const Played endless = Player().Play(Ask(), Anonymous(), [](const HttpRequest& request) {
    return Respond(302, {{"location", request.url.text + "x"}});
  });
  EXPECT_EQ(endless.answer().failure, Failure::kRedirectLoop);
  EXPECT_EQ(endless.requests.size(), static_cast<std::size_t>(kMaxChain));
  int left = kMaxChain - 1;
  const Played just = Player().Play(Ask(), Anonymous(), [&left](const HttpRequest& request) {
    return left-- == 0 ? Manifest() : Respond(302, {{"location", request.url.text + "x"}});
  });
  EXPECT_EQ(just.answer().status, 200);
}

struct CrossingCase {
  const char* name;
  const char* location;
  bool keeps;
};

class Crossing : public testing::TestWithParam<CrossingCase> {};

TEST_P(Crossing, LeavesAuthorizationAndConfiguredHeadersAtTheirOrigin) {
  auto host = Host("https", "registry.example");
  host->headers = {{"X-Passwd", {"secret"}}, {"X-JFrog-Art-Api", {"secret"}}, {"Accept", {"text/x-secret"}}};
  const Played played = Player().Play(AskTag(host), As("me", "pw"), [](const HttpRequest& request) {
    if (request.url.text.find("/there") != std::string::npos) return Manifest();
    if (HeaderOf(request, "Authorization").empty()) return Respond(401, {{"www-authenticate", "Basic realm=\"x\""}});
    return Respond(307, {{"location", GetParam().location}});
  });
  const HttpRequest& last = played.requests.back();
  ASSERT_THAT(last.url.text, HasSubstr("/there"));
  EXPECT_EQ(!HeaderOf(last, "Authorization").empty(), GetParam().keeps);
  for (const auto& configured : host->headers) {
    const auto has = [&](const auto& header) {
      return header.first == configured.first && header.second == configured.second.front();
    };
    EXPECT_EQ(std::any_of(last.headers.begin(), last.headers.end(), has), GetParam().keeps) << configured.first;
  }
}

INSTANTIATE_TEST_SUITE_P(Locations, Crossing,
                         testing::Values(CrossingCase{"SameHostAndPort", "https://registry.example/there", true},
                                         CrossingCase{"SamePortSpelt", "https://registry.example:443/there", true},
                                         CrossingCase{"OtherPort", "https://registry.example:8443/there", false},
                                         CrossingCase{"OtherHost", "https://cdn.example/there", false},
                                         CrossingCase{"Subdomain", "https://a.registry.example/there", false}),
                         [](const auto& row) { return row.param.name; });

TEST(ExchangeRedirect, ConcludesNothingFromARefusalWithoutTheConfiguredHeaders) {
  struct Row {
    const char* header;
    const char* location;
    Failure failure;
  };
  for (const Row& row : {Row{"X-Team", "https://cdn.example/x", Failure::kRefusedRedirect},
                         Row{"Authorization", "https://cdn.example/x", Failure::kNone},
                         Row{"Authorization", "https://a.registry.example/x", Failure::kRefusedRedirect},
                         Row{"User-Agent", "https://cdn.example/x", Failure::kNone}}) {
    auto host = Host("https", "registry.example");
    host->headers = {{row.header, {"secret"}}};
    for (const int status : {401, 403, 404}) {
      const Played played = Player().Play(AskTag(host), Anonymous(), [&](const HttpRequest& request) {
        return request.url.text == row.location ? Respond(status) : Respond(307, {{"location", row.location}});
      });
      EXPECT_EQ(played.answer().failure, row.failure) << row.header << " " << status;
      EXPECT_THAT(played.answer().failure_detail, testing::Not(HasSubstr("secret")));
    }
    EXPECT_EQ(Player().Play(AskTag(host), Anonymous(), RedirectsTo(row.location)).answer().status, 200) << row.header;
  }
}

TEST(ExchangeRedirect, DropsAuthorizationWhenTheSchemeChanges) {
  const Played played =
      Player().Play(AskTag(Host("http", "registry.example:80")), As("me", "pw"), [](const HttpRequest& request) {
        if (request.url.scheme == "https") return Manifest();
        if (HeaderOf(request, "Authorization").empty())
          return Respond(401, {{"www-authenticate", "Basic realm=\"x\""}});
        return Respond(307, {{"location", "https://registry.example:80/there"}});
      });
  EXPECT_EQ(played.requests.back().url.scheme, "https");
  EXPECT_EQ(HeaderOf(played.requests.back(), "Authorization"), "");
}

TEST(ExchangeRedirect, GivesTheTargetAnonymousTokensOnly) {
  const Played played = Player().Play(Ask(), As("me", "pw"), [](const HttpRequest& request) {
    if (request.for_token) return Respond(200, {}, R"({"token":"T"})");
    if (request.url.host == "registry.example") return Respond(307, {{"location", "https://other.test/x"}});
    if (HeaderOf(request, "Authorization") == "Bearer T") return Manifest();
    return Respond(401, {{"www-authenticate", R"(Bearer realm="https://other.test/token")"}});
  });
  EXPECT_EQ(played.answer().status, 200);
  EXPECT_EQ(played.requests.at(2).method, Method::kGet);
  for (const HttpRequest& request : played.requests) {
    EXPECT_THAT(HeaderOf(request, "Authorization"), testing::Not(HasSubstr(text::Base64Encode("me:pw"))));
    EXPECT_EQ(request.body, "");
  }
}

TEST(ExchangeRedirect, GivesTheTargetNoPassword) {
  const Played played = Player().Play(Ask(), As("me", "pw"), [](const HttpRequest& request) {
    if (request.url.host == "registry.example") return Respond(307, {{"location", "https://other.test/x"}});
    return Respond(401, {{"www-authenticate", "Basic realm=\"x\""}});
  });
  EXPECT_EQ(played.requests.size(), 2U);
  EXPECT_EQ(played.answer().failure, Failure::kToken);
  EXPECT_EQ(played.answer().access, Access::kDenied);
}

TEST(ExchangeRedirect, RefusesToLeaveTls) {
  const Played played = Player().Play(Ask(), Anonymous(), RedirectsTo("http://cdn.example/x"));
  EXPECT_EQ(played.answer().failure, Failure::kRefusedRedirect);
  EXPECT_EQ(played.requests.size(), 1U);
}

TEST(ExchangeRedirect, RefusesInternalAddresses) {
  for (const char* location :
       {"https://127.0.0.1/x", "https://localhost/x", "https://169.254.169.254/x", "https://0.0.0.0/x",
        "https://[::1]/x", "https://[fe80::1]/x", "https://[::ffff:127.0.0.1]/x", "https://127.1/x"}) {
    const Played played = Player().Play(Ask(), Anonymous(), RedirectsTo(location));
    EXPECT_EQ(played.answer().failure, Failure::kRefusedRedirect) << location;
    EXPECT_EQ(played.requests.size(), 1U) << location;
  }
}

TEST(ExchangeRedirect, FollowsFromLoopbackToLoopback) {
  const Played played =
      Player().Play(AskTag(Host("http", "127.0.0.1:5000")), Anonymous(), [](const HttpRequest& request) {
        return request.url.port == 5000 ? Respond(307, {{"location", "http://127.0.0.1:5001/x"}}) : Manifest();
      });
  EXPECT_EQ(played.answer().status, 200);
}

TEST(ExchangeRedirect, LeavesInternalAddressesToTheProxy) {
  Asker asker = Anonymous();
  asker.settings.through_proxy = [](const Url& url) { return url.host == "127.0.0.1"; };
  const Played played = Player().Play(Ask(), asker, RedirectsTo("https://127.0.0.1/x"));
  EXPECT_EQ(played.answer().status, 200);
  // The proxy of the host does not make another host's address the proxy's affair.
  asker.settings.through_proxy = [](const Url& url) { return url.host == "registry.example"; };
  EXPECT_EQ(Player().Play(Ask(), asker, RedirectsTo("https://127.0.0.1/x")).answer().failure,
            Failure::kRefusedRedirect);
}

TEST(ExchangeRedirect, FollowsUpFromTheStart) {
  const Played played = Player().Play(Ask(), Anonymous(), [](const HttpRequest& request) {
    if (request.url.host == "registry.example") return Respond(307, {{"location", "https://cdn.example/x"}});
    return request.method == Method::kHead ? Respond(200) : Respond(200, {}, "body");
  });
  EXPECT_THAT(played.Lines(),
              ElementsAre("HEAD https://registry.example/v2/team/app/manifests/v1", "HEAD https://cdn.example/x",
                          "GET https://registry.example/v2/team/app/manifests/v1", "GET https://cdn.example/x"));
  EXPECT_EQ(played.answer().get->digest, image::Digest::OfBytes("body"));
}

TEST(ExchangeRedirect, MarksARefusalDuringTheFollowUp) {
  const Played played = Player().Play(Ask(), Anonymous(), [](const HttpRequest& request) {
    return request.method == Method::kHead ? Respond(200) : Respond(307, {{"location", "http://cdn.example/x"}});
  });
  EXPECT_TRUE(played.answer().get_failed);
  EXPECT_EQ(played.answer().failure, Failure::kRefusedRedirect);
}

}  // namespace
}  // namespace tagdrift::registry
