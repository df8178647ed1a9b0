// Several batches over one client: what they share, and what they do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <semaphore>
#include <thread>
#include <vector>

#include "client_fixture.h"
#include "manual_clock.h"
#include "test_certificates.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::HasSubstr;

/// A digest that tells what was asked.
std::string DigestOf(const std::string& target) { return image::Digest::OfBytes(target).text(); }

Scripted ReplyDigestOf(const Received& request) {
  return Reply200(request, "Docker-Content-Digest: " + DigestOf(request.target) + "\r\n", "{}");
}

class Batches : public ClientTest {
 protected:
  std::unique_ptr<Batch> NewBatch(RateClass rate_class = RateClass::kInteractive, const Network& network = {}) {
    return client_->Open(rate_class, std::make_shared<Network>(network), WithinAMinute());
  }

  static Request Asking(const std::shared_ptr<hosts::RegistryHost>& host, const std::string& repository,
                        const std::string& object = "v1", Question question = Question::kResolve) {
    return {.host = host,
            .registry = host->host,
            .repository = repository,
            .object = object,
            .media_type = "application/x",
            .question = question};
  }

  static Reply Take(Batch& batch) {
    auto reply = batch.Receive();
    EXPECT_TRUE(reply.has_value()) << "no reply within a minute";
    return reply ? std::move(reply->second) : Reply();
  }

  static hosts::Answer AskIn(Batch& batch, const std::shared_ptr<hosts::RegistryHost>& host) {
    batch.Send(1, Asking(host, "team/app"));
    return Take(batch).answer;
  }
};

TEST_F(Batches, LateRepliesOfAnAbandonedBatchReachNobody) {
  std::counting_semaphore<> arrived(0);
  std::latch release(1);
  TestServer server([&](const Received& request) {
    if (request.target.find("/slow/") != std::string::npos) {
      arrived.release();
      release.wait();
    }
    return ReplyDigestOf(request);
  });
  Open();
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(AskIn(*batch_, host).status, 200);
  {
    const auto abandoned = NewBatch();
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) abandoned->Send(ticket, Asking(host, "slow/app"));
    arrived.acquire();
  }
  const auto next = NewBatch();
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    next->Send(ticket, Asking(host, "quick/app", std::to_string(ticket)));
  }
  release.count_down();
  std::set<std::uint64_t> tickets;
  for (int i = 0; i < 3; ++i) {
    auto reply = next->Receive();
    ASSERT_TRUE(reply.has_value());
    tickets.insert(reply->first);
    EXPECT_EQ(reply->second.answer.digest_header, DigestOf("/v2/quick/app/manifests/" + std::to_string(reply->first)));
  }
  EXPECT_EQ(tickets.size(), 3U);
  EXPECT_EQ(client_->counts().under_way, 0U);
  EXPECT_EQ(client_->counts().batches, 2U);
}

TEST_F(Batches, TenAtOnceGetTheirOwnAnswers) {
  TestServer server([](const Received& request) { return ReplyDigestOf(request); });
  Open();
  const auto host = HostAt(server.Authority());
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 10; ++caller) {
    callers.emplace_back([&, caller] {
      const auto batch = NewBatch(caller % 2 == 0 ? RateClass::kBackground : RateClass::kInteractive);
      const std::string repository = "team/app" + std::to_string(caller);
      for (std::uint64_t ticket = 1; ticket <= 50; ++ticket) {
        batch->Send(ticket, Asking(host, repository, "v" + std::to_string(ticket)));
      }
      for (int i = 0; i < 50; ++i) {
        const auto reply = batch->Receive();
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(reply->second.answer.digest_header,
                  DigestOf("/v2/" + repository + "/manifests/v" + std::to_string(reply->first)));
      }
    });
  }
  callers.clear();
  EXPECT_EQ(server.Count("HEAD"), 500);
  EXPECT_LE(server.connections(), 8) << "over one set of connections";
  EXPECT_EQ(client_->counts().hosts, 0U);
}

TEST_F(Batches, SurviveBatchesThatEndAtAnyMoment) {
  TestServer server([](const Received& request) {
    const auto authorization = request.headers.find("authorization");
    if (request.target.starts_with("/token")) return Reply200(request, "", R"({"access_token":"T"})");
    if (authorization != request.headers.end()) return ReplyDigestOf(request);
    return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"/token\",service=\"s\"\r\n");
  });
  Open({}, std::make_shared<OneCredential>());
  const auto host = HostAt(server.Authority());
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 30; ++round) {
        const auto batch = NewBatch();
        const std::string repository = "r" + std::to_string(round) + "/app" + std::to_string(caller % 2);
        for (std::uint64_t ticket = 0; ticket < 10; ++ticket) {
          batch->Send(ticket, Asking(host, repository, std::to_string(ticket)));
        }
        // Each is left with another number of replies taken.
        for (int taken = 0; taken < (round + caller) % 11; ++taken) {
          const auto reply = batch->Receive();
          ASSERT_TRUE(reply.has_value());
          ASSERT_EQ(reply->second.answer.digest_header,
                    DigestOf("/v2/" + repository + "/manifests/" + std::to_string(reply->first)));
        }
      }
    });
  }
  callers.clear();
  EXPECT_EQ(AskIn(*batch_, host).status, 200);
  EXPECT_EQ(client_->counts().batches, 1U);
  EXPECT_EQ(client_->counts().under_way, 0U);
}

TEST_F(Batches, KeepToOneRateTogether) {
  TestServer server([](const Received&) { return ReplyManifest(); });
  Client::Options options;
  options.politeness.requests_per_second = 100;
  options.politeness.burst = 1;
  Open(std::move(options));
  const auto host = HostAt(server.Authority());
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Batch>> batches;
  for (int i = 0; i < 10; ++i) {
    batches.push_back(NewBatch());
    for (std::uint64_t ticket = 1; ticket <= 2; ++ticket) batches.back()->Send(ticket, Asking(host, "team/app"));
  }
  for (const auto& batch : batches) {
    for (int i = 0; i < 2; ++i) EXPECT_EQ(Take(*batch).answer.status, 200);
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(189))
      << "nineteen of twenty had to wait 10 ms each";
}

TEST_F(Batches, BackOffTogetherAfterA429) {
  TestServer server([](const Received&) { return ReplyStatus("429 Too Many Requests\r\nRetry-After: 120\r\n"); });
  Open();
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(AskIn(*batch_, host).status, 429);
  for (const RateClass rate_class : {RateClass::kInteractive, RateClass::kBackground, RateClass::kAction}) {
    const hosts::Answer answer = AskIn(*NewBatch(rate_class), host);
    EXPECT_EQ(answer.failure, Failure::kBudget);
    EXPECT_THAT(answer.failure_detail, HasSubstr("429"));
  }
  EXPECT_EQ(server.received().size(), 1U);
}

TEST_F(Batches, TryAWrongPasswordThreeTimesTogether) {
  class Wrong : public CredentialSource {
    CredentialAnswer Find(std::string_view, std::string_view, const CallContext&) const override {
      return {{{"me", "no", {}, {}}}, {}};
    }
  };
  TestServer server(
      [](const Received&) { return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n"); });
  Open({}, std::make_shared<Wrong>());
  const auto host = HostAt(server.Authority());
  std::vector<std::unique_ptr<Batch>> batches;
  for (int i = 0; i < 10; ++i) {
    batches.push_back(NewBatch());
    for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) {
      batches.back()->Send(ticket, Asking(host, "team/app" + std::to_string(i) + "-" + std::to_string(ticket)));
    }
  }
  for (const auto& batch : batches) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(Take(*batch).answer.access, Access::kDenied);
  }
  int logins = 0;
  for (const Received& request : server.received()) logins += request.headers.contains("authorization") ? 1 : 0;
  EXPECT_EQ(logins, 3);
}

TEST_F(Batches, OfActionsGoBeforePeopleBeforeBackground) {
  std::counting_semaphore<> arrived(0);
  std::latch release(1);
  TestServer server([&](const Received& request) {
    if (request.target.find("/first/") != std::string::npos) {
      arrived.release();
      release.wait();
    }
    return ReplyManifest();
  });
  Client::Options options;
  options.politeness.concurrency = 1;
  Open(std::move(options));
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(AskIn(*batch_, host).status, 200);
  batch_->Send(2, Asking(host, "first/app"));
  arrived.acquire();
  const std::vector<std::pair<RateClass, std::string>> classes = {
      {RateClass::kBackground, "background"}, {RateClass::kInteractive, "interactive"}, {RateClass::kAction, "action"}};
  std::vector<std::unique_ptr<Batch>> batches;
  for (const auto& [rate_class, name] : classes) {
    batches.push_back(NewBatch(rate_class));
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) batches.back()->Send(ticket, Asking(host, name + "/app"));
  }
  release.count_down();
  for (const auto& batch : batches) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Take(*batch).answer.status, 200);
  }
  std::vector<std::string> order;
  for (const Received& request : server.received()) {
    const std::string name = request.target.substr(4, request.target.find("/app") - 4);
    if (name != "team" && name != "first") order.push_back(name);
  }
  EXPECT_THAT(order, testing::ElementsAre("action", "action", "action", "interactive", "interactive", "interactive",
                                          "background", "background", "background"));
}

TEST_F(Batches, GetMoreContentThanMayWaitForThem) {
  const std::string body(4 * 1024 * 1024, 'x');
  TestServer server([&](const Received& request) { return Reply200(request, "", body); });
  Open();
  const auto host = HostAt(server.Authority());
  const std::string object = "sha256:" + std::string(64, 'a');
  for (std::uint64_t ticket = 1; ticket <= 25; ++ticket) {
    batch_->Send(ticket, Asking(host, "team/app", object, Question::kManifest));
  }
  for (int i = 0; i < 25; ++i) EXPECT_EQ(Take(*batch_).body.size(), body.size());
  EXPECT_EQ(client_->counts().requests, 25U);
}

TEST_F(Batches, AreReachedThroughTheirOwnProxies) {
  TestServer first([](const Received&) { return ReplyManifest(); });
  TestServer second([](const Received&) { return ReplyManifest(); });
  Open();
  const auto host = HostAt("registry.invalid");
  for (const TestServer* proxy : {&first, &second}) {
    Network network;
    network.proxy_environment = {{"HTTP_PROXY", "http://" + proxy->Authority()}};
    EXPECT_EQ(AskIn(*NewBatch(RateClass::kInteractive, network), host).status, 200);
    EXPECT_EQ(proxy->received().size(), 1U);
  }
}

/// An https registry that wants a token, and its authority.
class ChangingTrust : public Batches {
 protected:
  ChangingTrust()
      : server_(
            [this](const Received& request) {
              if (limited_) return ReplyStatus("429 Too Many Requests\r\nRetry-After: 120\r\n");
              if (request.target.starts_with("/token")) return Reply200(request, "", R"({"token":"T"})");
              if (request.headers.contains("authorization")) return ReplyManifest();
              return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"/token\",service=\"s\"\r\n");
            },
            authority_.Issue("IP:127.0.0.1")) {}

  hosts::Answer AskTrusting(const std::string& pem) {
    Network network;
    network.ca_pem = pem;
    return AskIn(*NewBatch(RateClass::kInteractive, network), HostAt(server_.Authority(), "https"));
  }

  const TestAuthority authority_;
  std::atomic<bool> limited_ = false;
  TestServer server_;
};

TEST_F(ChangingTrust, CountsAtOnce) {
  Open();
  EXPECT_EQ(AskTrusting(TestAuthority().Certificate()).failure, Failure::kTls);
  EXPECT_EQ(AskTrusting(authority_.Certificate()).status, 200) << "not taken for unreachable";
  EXPECT_EQ(AskTrusting(TestAuthority().Certificate()).failure, Failure::kTls) << "over no connection of the others";
}

TEST_F(ChangingTrust, LosesNothingThatIsRememberedOfTheServer) {
  Open();
  EXPECT_EQ(AskTrusting(authority_.Certificate()).status, 200);
  EXPECT_EQ(server_.Count("HEAD"), 2) << "with its challenge";
  EXPECT_EQ(AskTrusting("# renewed\n" + authority_.Certificate()).status, 200);
  EXPECT_EQ(server_.connections(), 2);
  EXPECT_EQ(server_.Count("HEAD"), 3) << "the challenge is known";
  EXPECT_EQ(server_.Count("GET"), 1) << "the token is there";
  limited_ = true;
  EXPECT_EQ(AskTrusting(authority_.Certificate()).status, 429);
  EXPECT_EQ(AskTrusting("# renewed\n" + authority_.Certificate()).failure, Failure::kBudget);
}

TEST_F(Batches, OneHungTagDoesNotHoldUpAnotherOfItsHost) {
  std::latch release(1);
  TestServer server([&](const Received& request) {
    if (request.target.find("/hung/") != std::string::npos) release.wait();
    return ReplyManifest();
  });
  const auto clock = std::make_shared<ManualClock>();
  Client::Options options;
  options.clock = clock;
  Open(std::move(options));
  const auto host = HostAt(server.Authority());
  const auto batch = client_->Open(RateClass::kInteractive, nullptr, {});
  batch->Send(1, Asking(host, "hung/app"));
  for (std::uint64_t ticket = 2; ticket <= 20; ++ticket) batch->Send(ticket, Asking(host, "team/app"));
  {
    const std::jthread seconds_pass([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        clock->Advance(std::chrono::milliseconds(1));
        std::this_thread::yield();
      }
    });
    for (int i = 2; i <= 20; ++i) EXPECT_NE(batch->Receive()->first, 1U);
  }
  release.count_down();
  EXPECT_EQ(batch->Receive()->first, 1U);
}

class OneHungAnswer : public Batches {
 protected:
  Scripted Answer(const Received& request) {
    Scripted answer = ReplyManifest();
    if (request.target.find("/last/") != std::string::npos) answer.then = Scripted::Then::kClose;
    if (request.target.find("/hung/") == std::string::npos) return answer;
    hung_.release();
    release_.wait();
    return answer;
  }

  /// The host's one connection ends; then one of its tags hangs on the next, which is fresh.
  void ExpectAnAnswerBesideIt(const std::shared_ptr<hosts::RegistryHost>& host, const TestServer& server) {
    const auto batch = NewBatch();
    batch->Send(1, Asking(host, "last/app"));
    EXPECT_EQ(batch->Receive()->second.answer.status, 200);
    batch->Send(2, Asking(host, "hung/app"));
    hung_.acquire();
    batch->Send(3, Asking(host, "team/app"));
    EXPECT_EQ(batch->Receive()->first, 3U);
    EXPECT_EQ(server.connections(), 3);
    release_.count_down();
  }

 private:
  std::binary_semaphore hung_{0};
  std::latch release_{1};
};

TEST_F(OneHungAnswer, OnAFreshConnectionDoesNotHoldUpAnotherTagOfItsHost) {
  TestServer server([this](const Received& request) { return Answer(request); });
  Open();
  ExpectAnAnswerBesideIt(HostAt(server.Authority()), server);
}

TEST_F(OneHungAnswer, OnAFreshTlsConnectionDoesNotHoldUpAnotherTagOfItsHost) {
  const TestAuthority authority;
  TestServer server([this](const Received& request) { return Answer(request); }, authority.Issue("IP:127.0.0.1"));
  Open();
  const auto host = HostAt(server.Authority(), "https");
  host->ca = {{.path = "ca", .bytes = authority.Certificate()}};
  ExpectAnAnswerBesideIt(host, server);
}

}  // namespace
}  // namespace tagdrift::registry
