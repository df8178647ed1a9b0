// Far more requests than a worker holds at a time.
#include <gtest/gtest.h>

#include <set>

#include "client_fixture.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;

constexpr int kMany = 3000;

class ManyTest : public ClientTest {
 protected:
  /// The answers, in any order.
  std::vector<hosts::Answer> AskMany(const std::shared_ptr<hosts::RegistryHost>& host, int repositories) {
    for (int i = 0; i < kMany; ++i) {
      Ask(host, "team/app" + std::to_string(i % repositories), Question::kResolve, std::to_string(i));
    }
    std::set<std::uint64_t> tickets;
    std::vector<hosts::Answer> answers;
    for (int i = 0; i < kMany; ++i) {
      auto [ticket, reply] = Next();
      EXPECT_TRUE(tickets.insert(ticket).second);
      answers.push_back(std::move(reply.answer));
    }
    return answers;
  }
};

Scripted Challenge(const TestServer& tokens) {
  return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://" + tokens.Authority() +
                     "/t\",service=\"s\"\r\n");
}

TEST_F(ManyTest, AreAllAnswered) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Open();
  for (const hosts::Answer& answer : AskMany(HostAt(server.Authority()), 50)) EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(server.Count("HEAD"), kMany);
}

TEST_F(ManyTest, AreAllAnsweredWithTokens) {
  TestServer tokens([](const Received& request) { return Reply200(request, "", R"({"token":"T"})"); });
  TestServer server([&](const Received& request) {
    return request.headers.contains("authorization") ? ReplyManifest() : Challenge(tokens);
  });
  Open();
  for (const hosts::Answer& answer : AskMany(HostAt(server.Authority()), 50)) EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(tokens.Count("GET"), 50);
  EXPECT_EQ(server.Count("HEAD"), kMany + 1);
}

TEST_F(ManyTest, AreAllAnsweredWhereTokensAreRefused) {
  TestServer tokens([](const Received&) { return ReplyStatus("403 Forbidden\r\n"); });
  TestServer server([&](const Received&) { return Challenge(tokens); });
  Open();
  for (const hosts::Answer& answer : AskMany(HostAt(server.Authority()), kMany)) {
    EXPECT_EQ(answer.access, Access::kDenied);
  }
}

TEST_F(ManyTest, AreAllAnsweredWhereTheLoginIsRefused) {
  class Wrong : public CredentialSource {
    CredentialAnswer Find(std::string_view, std::string_view, const CallContext&) const override {
      return {{{"me", "no", {}, {}}}, {}};
    }
  };
  TestServer tokens([](const Received&) { return ReplyStatus("401 Unauthorized\r\n"); });
  TestServer server([&](const Received&) { return Challenge(tokens); });
  Open({}, std::make_shared<Wrong>());
  for (const hosts::Answer& answer : AskMany(HostAt(server.Authority()), kMany)) {
    EXPECT_EQ(answer.access, Access::kDenied);
  }
  EXPECT_EQ(tokens.Count("POST"), 3);
}

TEST_F(ManyTest, AreAllAnsweredWhereNobodyListens) {
  Open();
  for (const hosts::Answer& answer : AskMany(HostAt("127.0.0.1:1"), 50)) {
    EXPECT_EQ(answer.failure, hosts::Failure::kConnect);
  }
}

}  // namespace
}  // namespace tagdrift::registry
