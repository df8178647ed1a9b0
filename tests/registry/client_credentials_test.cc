#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <set>

#include "absl/strings/escaping.h"
#include "client_fixture.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::HasSubstr;

constexpr char kBasic[] = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n";

Scripted WantsLogin(const Received& request, const std::string& login) {
  const auto sent = request.headers.find("authorization");
  const bool good = sent != request.headers.end() && sent->second == "Basic " + absl::Base64Escape(login);
  return good ? ReplyManifest() : ReplyStatus(kBasic);
}

int LoginsSent(const TestServer& server) {
  int count = 0;
  for (const Received& request : server.received()) count += request.headers.contains("authorization") ? 1 : 0;
  return count;
}

/// Answers from a table, remembers who asked, and blocks for one host.
class TableSource : public CredentialSource {
 public:
  explicit TableSource(Credential credential) : credential_(std::move(credential)) {}

  CredentialAnswer Find(std::string_view host, std::string_view repository, const CallContext&) const override {
    {
      const std::lock_guard lock(mutex_);
      asked_.insert(std::string(host) + "/" + std::string(repository));
      ++questions_;
    }
    if (host == slow_) release_.wait();
    return {{credential_}, {}};
  }

  int questions() const {
    const std::lock_guard lock(mutex_);
    return questions_;
  }

  std::string slow_;
  mutable std::latch release_{1};

 private:
  Credential credential_;
  mutable std::mutex mutex_;
  mutable std::multiset<std::string> asked_;
  mutable int questions_ = 0;
};

TEST_F(ClientTest, AsksTheCredentialSourceOncePerRepository) {
  TestServer server([](const Received& request) { return WantsLogin(request, "me:pw"); });
  const auto source = std::make_shared<TableSource>(Credential{"me", "pw", {}, {}});
  Open({}, source);
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 100; ++i) Ask(host, "team/app" + std::to_string(i % 5), Question::kResolve, std::to_string(i));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Next().second.answer.status, 200);
  EXPECT_EQ(source->questions(), 5);
  EXPECT_EQ(server.Count("HEAD"), 101) << "one challenge at first contact";
}

TEST_F(ClientTest, AsksTheCredentialSourceNothingWithoutAChallenge) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  const auto source = std::make_shared<TableSource>(Credential{"me", "pw", {}, {}});
  Open({}, source);
  EXPECT_EQ(AnswerOf(HostAt(server.Authority())).status, 200);
  EXPECT_EQ(source->questions(), 0);
}

TEST_F(ClientTest, IsNotHeldUpByASlowCredentialProgram) {
  TestServer slow([](const Received& request) { return WantsLogin(request, "me:pw"); });
  TestServer quick([](const Received& request) { return WantsLogin(request, "me:pw"); });
  const auto source = std::make_shared<TableSource>(Credential{"me", "pw", {}, {}});
  source->slow_ = slow.Authority();
  Open({}, source);
  const std::uint64_t late = Ask(HostAt(slow.Authority()));
  std::set<std::uint64_t> early;
  for (int i = 0; i < 10; ++i) early.insert(Ask(HostAt(quick.Authority()), "team/app", Question::kResolve, "v"));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(early.erase(Next().first), 1U);
  source->release_.count_down();
  EXPECT_EQ(Next().first, late);
}

TEST_F(ClientTest, EndsWhileACredentialProgramRuns) {
  TestServer server([](const Received& request) { return WantsLogin(request, "me:pw"); });
  const auto source = std::make_shared<TableSource>(Credential{"me", "pw", {}, {}});
  source->slow_ = server.Authority();
  Open({}, source);
  Ask(HostAt(server.Authority()));
  EXPECT_FALSE(client_->Open(RateClass::kInteractive, nullptr, {.deadline = {}, .stop = {}})->Receive().has_value());
  source->release_.count_down();
  Close();
}

TEST_F(ClientTest, TriesAWrongPasswordForThreeRepositoriesAndNoMore) {
  TestServer server([](const Received& request) { return WantsLogin(request, "me:pw"); });
  Open({}, std::make_shared<TableSource>(Credential{"me", "wrong", {}, {}}));
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 50; ++i) Ask(host, "team/app" + std::to_string(i));
  int untried = 0;
  for (int i = 0; i < 50; ++i) {
    const hosts::Answer answer = Next().second.answer;
    EXPECT_EQ(answer.access, Access::kDenied);
    if (answer.failure == Failure::kToken) ++untried;
  }
  EXPECT_EQ(LoginsSent(server), 3);
  EXPECT_EQ(untried, 47);
}

TEST_F(ClientTest, TriesAWrongPasswordAtATokenServerForThreeRepositoriesAndNoMore) {
  std::string realm;
  TestServer tokens([](const Received&) { return ReplyStatus("401 Unauthorized\r\n"); });
  TestServer server([&](const Received&) {
    return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://" + tokens.Authority() +
                       "/t\",service=\"s\"\r\n");
  });
  Open({}, std::make_shared<TableSource>(Credential{"me", "wrong", {}, {}}));
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 50; ++i) Ask(host, "team/app" + std::to_string(i));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Next().second.answer.access, Access::kDenied);
  EXPECT_EQ(tokens.Count("POST"), 3);
  EXPECT_EQ(tokens.Count("GET"), 3);
}

TEST_F(ClientTest, FetchesARefusedTokenOncePerRepository) {
  TestServer tokens([](const Received&) { return ReplyStatus("403 Forbidden\r\n"); });
  TestServer server([&](const Received&) {
    return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://" + tokens.Authority() +
                       "/t\",service=\"s\"\r\n");
  });
  Open();
  const auto host = HostAt(server.Authority());
  for (int i = 0; i < 5; ++i) {
    const hosts::Answer answer = AnswerOf(host);
    EXPECT_EQ(answer.access, Access::kDenied);
    EXPECT_THAT(answer.failure_detail, HasSubstr("403"));
  }
  EXPECT_EQ(tokens.Count("GET"), 1);
}

}  // namespace
}  // namespace tagdrift::registry
