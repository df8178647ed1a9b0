#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <string>

#include "client_fixture.h"
#include "registry/client/outcome.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_F(ClientTest, CountsWhatCameOfRequestsByHostAndStatus) {
  TestServer server([](const Received& request) {
    return request.target.find("/absent") != std::string::npos ? ReplyStatus("404 Not Found\r\n") : ReplyManifest();
  });
  Open();
  const auto host = HostAt(server.Authority());
  Ask(host, "team/app");
  Ask(host, "team/other");
  Ask(host, "team/absent");
  for (int i = 0; i < 3; ++i) Next();
  EXPECT_THAT(client_->counts().outcomes,
              ElementsAre(Pair(server.Authority(), ElementsAre(Pair("200", 2U), Pair("404", 1U)))));
}

TEST_F(ClientTest, NamesNoRedirectTargetAndNoTokenServerInItsCounts) {
  TestServer target([](const Received&) { return ReplyManifest(); });
  TestServer tokens([](const Received&) { return ReplyStatus("403 Forbidden\r\n"); });
  TestServer server([&](const Received& request) {
    if (request.target.find("/guarded") != std::string::npos) {
      return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://" + tokens.Authority() +
                         "/token\",service=\"s\"\r\n");
    }
    return ReplyStatus("307 Temporary Redirect\r\nLocation: http://" + target.Authority() + "/there\r\n");
  });
  Open();
  const auto host = HostAt(server.Authority());
  Ask(host, "team/moved");
  Next();
  Ask(host, "team/guarded");
  Next();
  EXPECT_EQ(target.received().size(), 1U);
  EXPECT_THAT(tokens.received(), testing::Not(IsEmpty()));
  EXPECT_THAT(client_->counts().outcomes,
              ElementsAre(Pair(server.Authority(), ElementsAre(Pair("307", 1U), Pair("401", 1U)))));
}

TEST_F(ClientTest, CountsASilentServerAsATimeoutOnceHoweverManyWait) {
  std::latch release(1);
  TestServer server([&](const Received&) {
    release.wait();
    return ReplyManifest();
  });
  Client::Options options;
  // Long enough for all of them to be there before it has passed.
  options.request_timeout = absl::Seconds(1);
  Open(options);
  for (int i = 0; i < 5; ++i) Ask(HostAt(server.Authority()));
  for (int i = 0; i < 5; ++i) Next();
  EXPECT_THAT(client_->counts().outcomes, ElementsAre(Pair(server.Authority(), ElementsAre(Pair("timeout", 1U)))));
  release.count_down();
}

TEST_F(ClientTest, CountsAClosedConnectionAsAnError) {
  TestServer server([](const Received&) { return Scripted{.bytes = "", .then = Scripted::Then::kClose}; });
  Open();
  AnswerOf(HostAt(server.Authority()));
  EXPECT_THAT(client_->counts().outcomes, ElementsAre(Pair(server.Authority(), ElementsAre(Pair("error", 1U)))));
}

TEST(Outcome, IsNotCountedForARequestThatWasHeldBack) {
  std::map<std::string, std::map<std::string, std::uint64_t>> outcomes;
  HttpResponse held_back;
  held_back.failure = hosts::Failure::kBudget;
  CountOutcome("mirror:5000", held_back, outcomes);
  EXPECT_THAT(outcomes, IsEmpty());
}

TEST(Outcome, NamesNoMoreCodesAndHostsThanItsLimits) {
  std::map<std::string, std::map<std::string, std::uint64_t>> outcomes;
  HttpResponse response;
  for (response.status = 100; response.status < 600; ++response.status) CountOutcome("mirror:5000", response, outcomes);
  EXPECT_THAT(outcomes, UnorderedElementsAre(Pair("mirror:5000", SizeIs(13))));
  EXPECT_EQ(outcomes["mirror:5000"]["other"], 488U);
  for (int i = 0; i < 1000; ++i) CountOutcome("host" + std::to_string(i), response, outcomes);
  EXPECT_THAT(outcomes, SizeIs(129));
  EXPECT_THAT(outcomes, Contains(Key("other")));
}

}  // namespace
}  // namespace tagdrift::registry
