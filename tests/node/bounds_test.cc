#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "all_calls.h"
#include "ending_in.h"
#include "hanging_runtime.h"
#include "plain_listener.h"
#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;

/// What a call may take that is to end at once, on a machine that is busy with other tests. Rather than the ten minutes
/// that a call may take.
constexpr std::chrono::seconds kSoon(30);

/// "… within Nms", where N is what was left of `limit` when the call was made.
MATCHER_P(WaitedAtMost, limit, "") {
  const std::size_t at = arg.find(" within ");
  if (at == std::string::npos) return false;
  std::size_t read = 0;
  const int waited = std::stoi(arg.substr(at + 8), &read);
  return arg.substr(at + 8 + read) == "ms" && waited > 0 && waited <= limit;
}

TEST(ReadMany, EndsAllStreamsAtOnceWhenItIsStopped) {
  constexpr int kBlobs = 100;
  HangingRuntime runtime;
  auto clients = MakeClients(runtime.endpoint(), std::chrono::minutes(10));
  ASSERT_TRUE(clients.ok()) << clients.status();
  std::stop_source stop;
  std::vector<absl::Status> ends;
  auto call = std::async(std::launch::async, [&] {
    int next = 0;
    clients->containerd->ReadMany(
        [&] { return next == kBlobs ? std::nullopt : std::optional(image::Digest::OfBytes(std::to_string(next++))); },
        [&](const image::Digest&, const absl::StatusOr<std::string>& bytes) { ends.push_back(bytes.status()); }, 10,
        {.stop = stop.get_token()});
  });
  runtime.AwaitCalls(2);
  stop.request_stop();
  ASSERT_EQ(call.wait_for(kSoon), std::future_status::ready);
  EXPECT_EQ(ends.size(), static_cast<std::size_t>(kBlobs)) << "each is answered";
  for (const absl::Status& status : ends) {
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
    EXPECT_THAT(text::MessageOf(status), EndsWith(": stopped"));
  }
  EXPECT_LT(runtime.calls(), kBlobs) << "not all at a time, and none after the stop";
  runtime.AwaitCancelled();
}

class RuntimeCall : public testing::TestWithParam<NamedCall> {
 protected:
  RuntimeClients ClientsOf(const HangingRuntime& runtime, milliseconds limit = std::chrono::minutes(10)) {
    auto clients = MakeClients(runtime.endpoint(), limit);
    EXPECT_TRUE(clients.ok()) << clients.status();
    return *std::move(clients);
  }

  /// Ends the call at a deadline, which must not have passed before it began: `limit` from now, or later on a slow
  /// machine. Answers the deadline too.
  std::pair<absl::Status, int> RunToDeadline(RuntimeClients& clients, milliseconds limit) {
    for (;; limit *= 2) {
      absl::Status status = GetParam().run(clients, EndingIn(limit));
      const bool began = !text::MessageOf(status).ends_with(": no time is left");
      if (began || limit > kSoon) return {std::move(status), static_cast<int>(limit.count())};
    }
  }
};

TEST_P(RuntimeCall, EndsAtOnceWhenItIsStopped) {
  HangingRuntime runtime;
  RuntimeClients clients = ClientsOf(runtime);
  std::stop_source stop;
  auto call = std::async(std::launch::async, [&] { return GetParam().run(clients, {.stop = stop.get_token()}); });
  runtime.AwaitCalls(1);
  stop.request_stop();
  ASSERT_EQ(call.wait_for(kSoon), std::future_status::ready);
  const absl::Status status = call.get();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_THAT(text::MessageOf(status), EndsWith(": stopped"));
  runtime.AwaitCancelled();
}

TEST_P(RuntimeCall, EndsAtOnceWhenItIsStoppedBehindASilentListener) {
  TemporaryFolder folder;
  PlainListener listener(folder.path() + "/silent.sock", PlainListener::Manner::kSilent);
  auto clients = MakeClients(folder.path() + "/silent.sock");
  std::stop_source stop;
  std::promise<void> begun;
  auto call = std::async(std::launch::async, [&] {
    begun.set_value();
    return GetParam().run(*clients, {.stop = stop.get_token()});
  });
  begun.get_future().wait();
  stop.request_stop();
  ASSERT_EQ(call.wait_for(kSoon), std::future_status::ready);
  EXPECT_TRUE(absl::IsCancelled(call.get()));
}

TEST_P(RuntimeCall, IsNotMadeAfterTheStop) {
  HangingRuntime runtime;
  RuntimeClients clients = ClientsOf(runtime);
  std::stop_source stop;
  stop.request_stop();
  const absl::Status status = GetParam().run(clients, {.stop = stop.get_token()});
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_THAT(text::MessageOf(status), EndsWith(": stopped"));
}

TEST_P(RuntimeCall, SaysHowLongItWaitedAtTheDeadline) {
  HangingRuntime runtime;
  RuntimeClients clients = ClientsOf(runtime);
  const auto [status, limit] = RunToDeadline(clients, milliseconds(250));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(text::MessageOf(status), WaitedAtMost(limit));
}

TEST_P(RuntimeCall, IsNotMadeAfterTheDeadline) {
  HangingRuntime runtime;
  RuntimeClients clients = ClientsOf(runtime);
  const absl::Status status = GetParam().run(clients, EndingIn(milliseconds(-1)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(text::MessageOf(status), EndsWith(": no time is left"));
}

TEST_P(RuntimeCall, EndsAtTheLimitOfTheClients) {
  HangingRuntime runtime;
  RuntimeClients clients = ClientsOf(runtime, milliseconds(100));
  if (!GetParam().has_limit) {
    const auto [status, limit] = RunToDeadline(clients, milliseconds(300));
    EXPECT_THAT(text::MessageOf(status), WaitedAtMost(limit));
    return;
  }
  const absl::Status status = GetParam().run(clients, {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(text::MessageOf(status), HasSubstr(" within 100ms"));
}

INSTANTIATE_TEST_SUITE_P(All, RuntimeCall, testing::ValuesIn(AllCalls()), [](const auto& call) {
  std::string name = call.param.name;
  std::erase(name, ':');
  return name;
});

}  // namespace
}  // namespace tagdrift::node
