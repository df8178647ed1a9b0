#include <gtest/gtest.h>

#include "registry/http/json_bodies.h"
#include "registry/http/retry_after.h"
#include "registry/http/url.h"

namespace tagdrift::registry {
namespace {

TEST(RetryAfter, ReadsSecondsAndDates) {
  const absl::Time now = absl::FromUnixSeconds(1'445'412'420);  // 2015-10-21 07:27:00 UTC
  EXPECT_EQ(ParseRetryAfter("120", now), now + absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("0", now), now + absl::Seconds(1));
  EXPECT_EQ(ParseRetryAfter("86400", now), now + absl::Hours(1));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999", now), now + absl::Hours(1));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:28:00 GMT", now), now + absl::Minutes(1));
}

TEST(RetryAfter, IgnoresThePastAndJunk) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  for (const char* text : {"Wed, 21 Oct 2015 07:28:00 GMT", "0.00088", "880\xc2\xb5s", "", "-5", "soon", "12 apples",
                           "Someday in the far off future"}) {
    EXPECT_EQ(ParseRetryAfter(text, now), std::nullopt) << text;
  }
}

TEST(ErrorBody, YieldsItsFirstCode) {
  EXPECT_EQ(FirstErrorCode(R"({"errors":[{"code":"NAME_UNKNOWN"},{"code":"X"}]})"), "NAME_UNKNOWN");
}

TEST(ErrorBody, YieldsNothingForAnythingElse) {
  const std::string deep = R"({"errors":)" + std::string(100000, '[');
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"), std::string(R"({"errors":[]})"),
        std::string(R"({"errors":{"code":"A"}})"), std::string(R"({"errors":[{"code":7}]})"),
        std::string(R"({"errors":["A"]})"), std::string(R"({"errors":[{"code":"\u001b[31mA"}]})"),
        R"({"errors":[{"code":")" + std::string(65, 'A') + R"("}]})", deep,
        std::string("{\"errors\":[{\"code\":\"\xff\"}]}")}) {
    EXPECT_EQ(FirstErrorCode(body), "") << body.substr(0, 60);
  }
}

TEST(TokenBody, ReadsBothNames) {
  const auto body = ParseTokenBody(R"({"token":"a","access_token":"b","expires_in":300})");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->token, "a");
  EXPECT_EQ(body->access_token, "b");
  EXPECT_EQ(body->expires_in, 300);
}

TEST(TokenBody, SkipsFieldsOfTheWrongType) {
  const auto body = ParseTokenBody(R"({"token":7,"expires_in":"soon"})");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->token, "");
  EXPECT_EQ(body->expires_in, std::nullopt);
}

TEST(Url, IsTakenApart) {
  const auto url = ParseUrl("https://user@Registry.EXAMPLE:5000/v2/a?ns=x#f");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "registry.example");
  EXPECT_EQ(url->port, 5000);
  EXPECT_TRUE(url->has_user);
  EXPECT_TRUE(url->has_fragment);
  EXPECT_EQ(url->Origin(), "https://registry.example:5000");
  EXPECT_EQ(url->Printable(), "https://registry.example:5000/v2/a");
  EXPECT_EQ(url->text.find('#'), std::string::npos);
}

TEST(Url, KeepsTheObjectsColonAndIpv6Brackets) {
  const auto url = ParseUrl("https://[fd00::1]:5000/v2/a/manifests/sha256:abc?ns=docker.io");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->text, "https://[fd00::1]:5000/v2/a/manifests/sha256:abc?ns=docker.io");
  EXPECT_EQ(url->host, "[fd00::1]");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text :
       {"", "registry.example", "ftp://a/", "https://", "https://a:0/", "https://a:65536/", "https://a\r\nb/"}) {
    EXPECT_EQ(ParseUrl(text).has_value(), false) << text;
  }
}

TEST(Url, ChangesToHttpOnTheSamePort) {
  EXPECT_EQ(ParseUrl("https://a:5000/x")->OverHttp().Origin(), "http://a:5000");
  EXPECT_EQ(ParseUrl("https://a/x")->OverHttp().Origin(), "http://a:80");
}

}  // namespace
}  // namespace tagdrift::registry
