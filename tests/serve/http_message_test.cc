#include "serve/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace tagdrift::serve {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Optional;
using testing::StartsWith;

const HttpHandlers kHandlers = {
    {"/metrics", [] { return HttpAnswer{.body = "a 1\n", .content_type = "text/plain; version=0.0.4"}; }},
    {"/readyz", [] { return HttpAnswer{.status = 503, .body = "not yet\n"}; }},
    {"/broken", []() -> HttpAnswer { throw std::runtime_error("secret"); }},
};

std::string AnswerTo(const std::string& request) {
  return Respond(request + "\r\n\r\n", kHandlers).value_or("(nothing)");
}

TEST(HttpMessage, AnswersAScrape) {
  EXPECT_EQ(
      AnswerTo("GET /metrics HTTP/1.1\r\nHost: node:9614\r\nAccept: */*"),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 4\r\nCache-Control: no-store\r\n"
      "Connection: close\r\n\r\na 1\n");
}

TEST(HttpMessage, WaitsForTheEndOfTheHeaders) {
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n";
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_EQ(Respond(request.substr(0, size), kHandlers), std::nullopt) << size;
  }
  EXPECT_THAT(Respond(request, kHandlers), Optional(StartsWith("HTTP/1.1 200 ")));
}

TEST(HttpMessage, AnswersHeadWithoutTheBody) {
  const std::string answer = AnswerTo("HEAD /metrics HTTP/1.1");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpMessage, IgnoresTheQuery) { EXPECT_THAT(AnswerTo("GET /metrics?x=1 HTTP/1.0"), StartsWith("HTTP/1.1 200 ")); }

TEST(HttpMessage, PassesOnTheStatusOfAHandler) {
  const std::string answer = AnswerTo("GET /readyz HTTP/1.1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nnot yet\n"));
}

TEST(HttpMessage, SurvivesAHandlerThatThrowsAndTellsNothingOfIt) {
  const std::string answer = AnswerTo("GET /broken HTTP/1.1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, testing::Not(HasSubstr("secret")));
}

struct RefusedRequest {
  const char* name;
  std::string request;
  const char* status;
};

class HttpRefusal : public testing::TestWithParam<RefusedRequest> {};

TEST_P(HttpRefusal, HasItsStatus) {
  const std::string answer = AnswerTo(GetParam().request);
  EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + GetParam().status + " "));
}

INSTANTIATE_TEST_SUITE_P(
    Requests, HttpRefusal,
    testing::Values(
        RefusedRequest{"WrongPath", "GET /debug HTTP/1.1", "404"},
        RefusedRequest{"PathBelow", "GET /metrics/ HTTP/1.1", "404"},
        RefusedRequest{"DotDot", "GET /x/../metrics HTTP/1.1", "404"},
        RefusedRequest{"AbsoluteForm", "GET http://node/metrics HTTP/1.1", "404"},
        RefusedRequest{"Post", "POST /metrics HTTP/1.1\r\nContent-Length: 3", "405"},
        RefusedRequest{"LowerCaseMethod", "get /metrics HTTP/1.1", "405"},
        RefusedRequest{"NewerVersion", "PRI * HTTP/2.0", "505"}, RefusedRequest{"OldVersion", "GET /metrics", "400"},
        RefusedRequest{"NoTarget", "GET  HTTP/1.1", "400"}, RefusedRequest{"NoMethod", " /metrics HTTP/1.1", "400"},
        RefusedRequest{"Nothing", "", "400"}, RefusedRequest{"Tls", "\x16\x03\x01\x02", "400"},
        RefusedRequest{"TooLarge", "GET /metrics HTTP/1.1\r\nX: " + std::string(kRequestHeadLimit, 'x'), "431"}),
    [](const auto& row) { return row.param.name; });

TEST(HttpMessage, SaysWhichMethodsThereAre) {
  EXPECT_THAT(AnswerTo("DELETE /metrics HTTP/1.1"), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST(HttpMessage, RefusesEndlessHeadersBeforeTheyEnd) {
  EXPECT_THAT(Respond("GET /metrics HTTP/1.1\r\nX: " + std::string(kRequestHeadLimit, 'x'), kHandlers),
              Optional(StartsWith("HTTP/1.1 431 ")));
}

}  // namespace
}  // namespace tagdrift::serve
