#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>

#include "client_fixture.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using testing::HasSubstr;

struct TroubleCase {
  const char* name;
  Scripted reply;
  Failure failure;
  int status = 0;
};

class Trouble : public ClientTest, public testing::WithParamInterface<TroubleCase> {};

TEST_P(Trouble, IsToldFromAnAnswer) {
  TestServer server([](const Received&) { return GetParam().reply; });
  Open();
  Ask(HostAt(server.Authority()), "team/app", Question::kManifest, "sha256:" + std::string(64, 'a'));
  const Reply reply = Next().second;
  EXPECT_EQ(reply.answer.failure, GetParam().failure);
  EXPECT_EQ(reply.answer.status, GetParam().status);
  EXPECT_NE(reply.answer.failure_detail, "");
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(server.received().size(), 1U) << "asked once";
}

std::string ManyLines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "a:\r\n";
  return lines;
}

const Scripted::Then kClose = Scripted::Then::kClose;
const Scripted::Then kReset = Scripted::Then::kReset;

INSTANTIATE_TEST_SUITE_P(
    Replies, Trouble,
    testing::Values(
        TroubleCase{"ClosedWithoutAWord", {"", kClose}, Failure::kClosed},
        TroubleCase{"Reset", {"", kReset}, Failure::kClosed},
        TroubleCase{
            "ResetInTheBody", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", kReset}, Failure::kClosed, 200},
        TroubleCase{
            "TruncatedBody", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", kClose}, Failure::kClosed, 200},
        TroubleCase{"TruncatedChunks",
                    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", kClose},
                    Failure::kClosed,
                    200},
        TroubleCase{"TruncatedHeaders", {"HTTP/1.1 200 OK\r\nContent-Le", kClose}, Failure::kClosed},
        TroubleCase{"MalformedStatusLine", {"HTTP/1.1 twohundred\r\n\r\n", kClose}, Failure::kClosed},
        TroubleCase{"NoHttp", {"SSH-2.0-OpenSSH\r\n", kClose}, Failure::kClosed},
        TroubleCase{
            "HugeHeaders",
            {"HTTP/1.1 200 OK\r\nX-Big: " + std::string(70 * 1024, 'x') + "\r\nContent-Length: 0\r\n\r\n", kClose},
            Failure::kBudget},
        TroubleCase{"EndlessHeaders", {"HTTP/1.1 200 OK\r\n" + ManyLines(501) + "\r\n", kClose}, Failure::kBudget},
        TroubleCase{
            "EndlessRedirect",
            {"HTTP/1.1 302 Found\r\nLocation: ftp://nowhere/\r\nContent-Length: 0\r\n\r\n", Scripted::Then::kKeep},
            Failure::kRedirectLoop}),
    [](const auto& row) { return row.param.name; });

TEST_F(ClientTest, DropsABodyAboveTheLimit) {
  TestServer server([](const Received& request) { return Reply200(request, "", std::string(4393217, 'x')); });
  Open();
  Ask(HostAt(server.Authority()), "team/app", Question::kManifest, "sha256:" + std::string(64, 'a'));
  const Reply reply = Next().second;
  EXPECT_TRUE(reply.answer.too_large);
  EXPECT_EQ(reply.answer.status, 200);
  EXPECT_EQ(reply.answer.failure, Failure::kNone);
  EXPECT_EQ(reply.body, "");
  EXPECT_FALSE(reply.answer.get.has_value());
}

TEST_F(ClientTest, TakesABodyOfTheLimit) {
  TestServer server([](const Received& request) { return Reply200(request, "", std::string(4393216, 'x')); });
  Open();
  Ask(HostAt(server.Authority()), "team/app", Question::kManifest, "sha256:" + std::string(64, 'a'));
  const Reply reply = Next().second;
  EXPECT_FALSE(reply.answer.too_large);
  EXPECT_EQ(reply.body.size(), 4393216U);
}

TEST_F(ClientTest, TakesNoTrailerOrEarlyHintForAHeader) {
  TestServer server([](const Received&) {
    return Scripted{.bytes =
                        "HTTP/1.1 103 Early Hints\r\nDocker-Content-Digest: early\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Docker-Content-Digest\r\n\r\n"
                        "3\r\nabc\r\n0\r\nDocker-Content-Digest: late\r\n\r\n"};
  });
  Open();
  Ask(HostAt(server.Authority()), "team/app", Question::kManifest, "sha256:" + std::string(64, 'a'));
  const Reply reply = Next().second;
  EXPECT_EQ(reply.answer.status, 200);
  EXPECT_EQ(reply.answer.digest_header, std::nullopt);
  EXPECT_EQ(reply.body, "abc");
}

TEST_F(ClientTest, LeavesAnEndlessRedirect) {
  TestServer server(
      [](const Received& request) { return ReplyStatus("302 Found\r\nLocation: " + request.target + "x\r\n"); });
  Open();
  EXPECT_EQ(AnswerOf(HostAt(server.Authority())).failure, Failure::kRedirectLoop);
  EXPECT_EQ(server.received().size(), 10U);
}

TEST_F(ClientTest, DoesNotTakeASlowAnswerOnAReusedConnectionForAFailedOne) {
  std::latch release(1);
  TestServer server([&](const Received& request) {
    if (request.on_connection > 1) release.wait();
    return ReplyManifest();
  });
  Client::Options options;
  options.request_timeout = absl::Seconds(2);
  Open(std::move(options));
  const auto host = HostAt(server.Authority());
  host->dial_timeout = absl::Seconds(1);
  EXPECT_EQ(AnswerOf(host).status, 200);
  EXPECT_EQ(AnswerOf(host).failure, Failure::kDeadline) << "containerd waits for it";
  release.count_down();
}

TEST_F(ClientTest, AsksAgainWhenAReusedConnectionHasDied) {
  TestServer server([](const Received& request) {
    if (request.connection == 1 && request.on_connection == 2)
      return Scripted{.bytes = "", .then = Scripted::Then::kClose};
    return ReplyManifest();
  });
  Open();
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(AnswerOf(host).status, 200);
  EXPECT_EQ(AnswerOf(host).status, 200);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(ClientTest, GivesUpOnASilentServerOnceForAllThatWait) {
  std::latch release(1);
  TestServer server([&](const Received&) {
    release.wait();
    return ReplyManifest();
  });
  Client::Options options;
  // Long enough for all of them to be there before it has passed.
  options.request_timeout = absl::Seconds(1);
  Open(options);
  for (int i = 0; i < 20; ++i) Ask(HostAt(server.Authority()));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Next().second.answer.failure, Failure::kDeadline);
  EXPECT_EQ(client_->counts().requests, 1U);
  release.count_down();
}

TEST_F(ClientTest, NamesAHostThatDoesNotExist) {
  Open();
  const hosts::Answer answer = AnswerOf(HostAt(kNoSuchHost));
  EXPECT_EQ(answer.failure, Failure::kName);
  EXPECT_EQ(answer.failure_detail, "no such host");
}

TEST_F(ClientTest, ShowsNoPlantedSecret) {
  TestServer server([](const Received& request) {
    if (request.target.starts_with("/token")) return ReplyStatus("403 Forbidden\r\nX-Echo: HUSH\r\n");
    return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"/token?k=HUSH\",service=\"HUSH\"\r\n");
  });
  Network network;
  network.proxy_environment = {{"HTTPS_PROXY", "http://HUSH:HUSH@127.0.0.1:1"}};
  Open({}, std::make_shared<OneCredential>(), network);
  const auto guarded = HostAt(server.Authority());
  guarded->headers = {{"Authorization", {"Basic HUSH"}}, {"X-Key", {"HUSH"}}};
  for (const auto& host : {guarded, HostAt("registry.invalid", "https")}) {
    const hosts::Answer answer = AnswerOf(host);
    EXPECT_NE(answer.failure, Failure::kNone);
    EXPECT_THAT(answer.failure_detail + answer.error_code + answer.content_type, testing::Not(HasSubstr("HUSH")));
  }
}

}  // namespace
}  // namespace tagdrift::registry
