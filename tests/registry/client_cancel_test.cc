// A batch that ends while what it asked is somewhere on its way: nobody waits for it, and the others go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <semaphore>
#include <thread>

#include "client_fixture.h"
#include "manual_clock.h"
#include "test_server.h"

namespace tagdrift::registry {
namespace {

using std::chrono::seconds;

// No timeout of the client is as short, and a loaded machine gets this far.
constexpr seconds kPromptly{20};

/// The request is read and never answered; the server goes on listening, so that it sees the connection end.
Scripted Nothing() { return {.bytes = ""}; }

Scripted WantsToken(const std::string& realm) {
  return ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"" + realm + "\",service=\"s\"\r\n");
}

/// Two batches: the first gets stuck and is stopped, the second goes on.
class Cancel : public ClientTest {
 protected:
  void OpenTwo(Client::Options options = {}, std::shared_ptr<const CredentialSource> credentials = NoCredentials()) {
    Open(std::move(options), std::move(credentials));
    stuck_ = client_->Open(RateClass::kAction, nullptr, {.deadline = SteadyTime::max(), .stop = stop_.get_token()});
  }

  static Request Asking(const std::shared_ptr<hosts::RegistryHost>& host, const std::string& repository) {
    return {.host = host, .registry = host->host, .repository = repository, .object = "v1", .media_type = {}};
  }

  void SendStuck(const std::shared_ptr<hosts::RegistryHost>& host, int count = 1,
                 const std::string& repository = "hung/app") {
    for (int i = 0; i < count; ++i) stuck_->Send(static_cast<std::uint64_t>(i), Asking(host, repository));
  }

  /// Stops the first batch while somebody waits in it, and ends it.
  void StopStuck() {
    const auto start = std::chrono::steady_clock::now();
    {
      const std::jthread waits([this] { EXPECT_FALSE(stuck_->Receive().has_value()); });
      stop_.request_stop();
    }
    stuck_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, kPromptly);
  }

  /// What the second batch is told.
  int StatusOf(const std::shared_ptr<hosts::RegistryHost>& host, const std::string& repository = "team/app") {
    Ask(host, repository);
    return Next().second.answer.status;
  }

  void TearDown() override {
    stuck_.reset();
    if (client_) {
      EXPECT_EQ(client_->counts().under_way, 0U);
    }
    const auto start = std::chrono::steady_clock::now();
    Close();
    EXPECT_LT(std::chrono::steady_clock::now() - start, kPromptly);
  }

  std::stop_source stop_;
  std::unique_ptr<Batch> stuck_;
};

TEST_F(Cancel, WhileTheFirstContactHangs) {
  std::counting_semaphore<> arrived(0);
  TestServer server([&](const Received& request) {
    arrived.release();
    return Has(request, "/hung/") ? Nothing() : ReplyManifest();
  });
  OpenTwo();
  const auto host = HostAt(server.Authority());
  SendStuck(host, 20);
  for (int i = 0; i < 20; ++i) Ask(host);
  arrived.acquire();
  StopStuck();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Next().second.answer.status, 200) << "another makes the first contact";
  EXPECT_EQ(client_->counts().requests, 21U);
}

TEST_F(Cancel, WhileRequestsAreQueuedAndOneIsUnderWay) {
  std::counting_semaphore<> arrived(0);
  TestServer server([&](const Received& request) {
    if (!Has(request, "/hung/")) return ReplyManifest();
    arrived.release();
    return Nothing();
  });
  Client::Options options;
  options.politeness.concurrency = 1;
  OpenTwo(std::move(options));
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(StatusOf(host), 200);
  SendStuck(host, 1000);
  arrived.acquire();
  Ask(host);
  StopStuck();
  EXPECT_EQ(Next().second.answer.status, 200);
  int hung = 0;
  for (const Received& request : server.received()) hung += Has(request, "/hung/") ? 1 : 0;
  EXPECT_EQ(hung, 1);
}

TEST_F(Cancel, CutsTheConnectionOfATransferThatHangs) {
  std::counting_semaphore<> arrived(0);
  TestServer server([&](const Received& request) {
    if (!Has(request, "/hung/")) return ReplyManifest();
    arrived.release();
    return Nothing();
  });
  Client::Options options;
  options.politeness.concurrency = 8;
  OpenTwo(std::move(options));
  const auto host = HostAt(server.Authority());
  EXPECT_EQ(StatusOf(host), 200);
  SendStuck(host, 8);
  for (int i = 0; i < 8; ++i) arrived.acquire();
  StopStuck();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(StatusOf(host), 200) << "all eight connections were taken";
}

TEST_F(Cancel, WhileRequestsWaitForAWorker) {
  std::counting_semaphore<> arrived(0);
  TestServer server([&](const Received& request) {
    if (!Has(request, "/hung/")) return ReplyManifest();
    arrived.release();
    return Nothing();
  });
  OpenTwo();
  // A different dial timeout makes a different endpoint.
  for (int i = 0; i < 50; ++i) {
    const auto host = HostAt(server.Authority());
    host->dial_timeout = absl::Seconds(40 + i);
    SendStuck(host);
  }
  for (int i = 0; i < 32; ++i) arrived.acquire();
  Ask(HostAt(server.Authority()));
  StopStuck();
  EXPECT_EQ(Next().second.answer.status, 200);
}

TEST_F(Cancel, WhileATokenFetchHangs) {
  std::counting_semaphore<> arrived(0);
  std::atomic<int> fetches = 0;
  TestServer server([&](const Received& request) {
    if (request.target.starts_with("/token")) {
      if (fetches++ > 0) return Reply200(request, "", R"({"token":"T"})");
      arrived.release();
      return Nothing();
    }
    return request.headers.contains("authorization") ? ReplyManifest() : WantsToken("/token");
  });
  OpenTwo();
  const auto host = HostAt(server.Authority());
  SendStuck(host, 1, "team/app");
  arrived.acquire();
  StopStuck();
  EXPECT_EQ(StatusOf(host), 200) << "by a fetch of its own";
  EXPECT_EQ(fetches, 2);
}

TEST_F(Cancel, LeavesATokenFetchToTheOthersWhoWaitForIt) {
  std::counting_semaphore<> arrived(0);
  std::counting_semaphore<> release(0);
  TestServer tokens([&](const Received& request) {
    arrived.release();
    release.acquire();
    return Reply200(request, "", R"({"token":"T"})");
  });
  TestServer server([&](const Received& request) {
    return request.headers.contains("authorization") ? ReplyManifest()
                                                     : WantsToken("http://" + tokens.Authority() + "/token");
  });
  OpenTwo();
  const auto host = HostAt(server.Authority());
  SendStuck(host, 1, "team/app");
  arrived.acquire();
  Ask(host);
  StopStuck();
  release.release();
  EXPECT_EQ(Next().second.answer.status, 200);
  EXPECT_EQ(tokens.received().size(), 1U);
}

/// Hangs for the first question until it is told to stop or to go on.
class HangingSource : public CredentialSource {
 public:
  CredentialAnswer Find(std::string_view, std::string_view, const CallContext& context) const override {
    std::unique_lock lock(mutex_);
    if (++questions_ == 1) {
      asked_.release();
      changed_.wait(lock, context.stop, [this] { return released_; });
      stopped_ = context.stop.stop_requested();
      if (stopped_) return {{}, "stopped"};
    }
    return {{{"me", "pw", {}, {}}}, {}};
  }

  void AwaitQuestion() const { asked_.acquire(); }
  void Release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  int questions() const {
    const std::lock_guard lock(mutex_);
    return questions_;
  }
  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable std::counting_semaphore<> asked_{0};
  mutable int questions_ = 0;
  mutable bool stopped_ = false;
  bool released_ = false;
};

Scripted WantsBasic(const Received& request) {
  return request.headers.contains("authorization")
             ? ReplyManifest()
             : ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n");
}

TEST_F(Cancel, EndsACredentialLookupThatNobodyWaitsFor) {
  TestServer server(WantsBasic);
  const auto source = std::make_shared<HangingSource>();
  OpenTwo({}, source);
  const auto host = HostAt(server.Authority());
  SendStuck(host, 3, "team/app");
  source->AwaitQuestion();
  StopStuck();
  EXPECT_EQ(StatusOf(host), 200) << "by a lookup of its own";
  EXPECT_EQ(source->questions(), 2);
  EXPECT_TRUE(source->stopped());
}

TEST_F(Cancel, LeavesACredentialLookupToTheOthersWhoWaitForIt) {
  TestServer server(WantsBasic);
  const auto source = std::make_shared<HangingSource>();
  OpenTwo({}, source);
  const auto host = HostAt(server.Authority());
  SendStuck(host, 1, "team/app");
  source->AwaitQuestion();
  Ask(host);
  StopStuck();
  source->Release();
  EXPECT_EQ(Next().second.answer.status, 200);
  EXPECT_EQ(source->questions(), 1);
  EXPECT_FALSE(source->stopped());
}

TEST_F(Cancel, OfTheWholeClientEndsACredentialLookup) {
  TestServer server(WantsBasic);
  const auto source = std::make_shared<HangingSource>();
  OpenTwo({}, source);
  SendStuck(HostAt(server.Authority()), 1, "team/app");
  source->AwaitQuestion();
  stuck_.reset();
  Close();
  EXPECT_TRUE(source->stopped());
}

TEST_F(Cancel, LetsAnotherTryALogin) {
  std::counting_semaphore<> arrived(0);
  TestServer server([&](const Received& request) {
    if (!Has(request, "/hung/") || !request.headers.contains("authorization")) return WantsBasic(request);
    arrived.release();
    return Nothing();
  });
  OpenTwo({}, std::make_shared<OneCredential>());
  const auto host = HostAt(server.Authority());
  SendStuck(host);
  arrived.acquire();
  Ask(host);
  StopStuck();
  EXPECT_EQ(Next().second.answer.status, 200);
}

TEST_F(Cancel, LetsAnotherProbeGoAfterAPause) {
  std::counting_semaphore<> arrived(0);
  TestServer server([&](const Received& request) {
    if (Has(request, "/limited/")) return ReplyStatus("429 Too Many Requests\r\nRetry-After: 60\r\n");
    if (!Has(request, "/hung/")) return ReplyManifest();
    arrived.release();
    return Nothing();
  });
  const auto clock = std::make_shared<ManualClock>();
  Client::Options options;
  options.clock = clock;
  OpenTwo(std::move(options));
  const auto host = HostAt(server.Authority());
  batch_ = client_->Open(RateClass::kInteractive, nullptr, {});
  EXPECT_EQ(StatusOf(host, "limited/app"), 429);
  clock->Advance(seconds(80));
  SendStuck(host);
  arrived.acquire();
  for (int i = 0; i < 3; ++i) Ask(host);
  StopStuck();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Next().second.answer.status, 200);
}

TEST_F(Cancel, WaitsNoLongerThanTheDeadline) {
  TestServer server([](const Received&) { return Nothing(); });
  OpenTwo();
  const CallContext context{.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20), .stop = {}};
  auto batch = client_->Open(RateClass::kInteractive, nullptr, context);
  batch->Send(1, Asking(HostAt(server.Authority()), "team/app"));
  EXPECT_FALSE(batch->Receive().has_value());
  EXPECT_GE(std::chrono::steady_clock::now(), context.deadline);
  EXPECT_LT(std::chrono::steady_clock::now(), context.deadline + kPromptly);
  batch.reset();
}

std::ptrdiff_t ThreadsNow() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return std::distance(begin(threads), end(threads));
}

TEST(Client, LeavesNoThreadBehind) {
  const std::ptrdiff_t before = ThreadsNow();
  {
    TestServer server(WantsBasic);
    const auto client = Client::Create({}, std::make_shared<OneCredential>());
    ASSERT_TRUE(client.ok());
    const auto batch = (*client)->Open(RateClass::kBackground, nullptr, {});
    for (std::uint64_t i = 0; i < 10; ++i) {
      auto host = std::make_shared<hosts::RegistryHost>();
      host->scheme = "http";
      host->host = server.Authority();
      host->dial_timeout = absl::Seconds(30 + static_cast<std::int64_t>(i));
      batch->Send(i, {.host = host, .registry = "r", .repository = "a", .object = "v1", .media_type = {}});
    }
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(batch->Receive().has_value());
    EXPECT_GT(ThreadsNow(), before);
  }
  // The kernel may show a thread for a moment after it was joined.
  const auto late = std::chrono::steady_clock::now() + seconds(10);
  while (ThreadsNow() != before && std::chrono::steady_clock::now() < late) std::this_thread::yield();
  EXPECT_EQ(ThreadsNow(), before);
}

}  // namespace
}  // namespace tagdrift::registry
