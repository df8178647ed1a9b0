#include <gtest/gtest.h>

#include <future>

#include "fake_containerd.h"
#include "fake_cri.h"
#include "fake_runtime.h"
#include "hanging_runtime.h"
#include "tagdrift/node/inventory.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

TEST(MakeClients, DoesNoInputOrOutput) {
  const auto clients = MakeClients("unix:///nowhere/at/all.sock");
  EXPECT_TRUE(clients.ok()) << clients.status();
}

TEST(Reach, FindsARuntimeThatWasAway) {
  FakeRuntime runtime;
  auto clients = MakeClients(runtime.endpoint());
  ASSERT_TRUE(Reach(runtime.endpoint(), *clients, {}).ok());
  runtime.Stop();
  EXPECT_FALSE(Reach(runtime.endpoint(), *clients, {}).ok());
  // Calls that fail make gRPC wait longer and longer before it connects again.
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(absl::IsUnavailable(clients->cri->ListImages({}).status()));
  runtime.Start();
  const auto version = Reach(runtime.endpoint(), *clients, {});
  EXPECT_TRUE(version.ok()) << version.status();
  EXPECT_TRUE(clients->cri->ListImages({}).ok());
  EXPECT_TRUE(clients->containerd->ListImages({}).ok());
}

TEST(Reach, FindsARuntimeThatWasRestartedUnnoticed) {
  FakeRuntime runtime;
  auto clients = MakeClients(runtime.endpoint());
  for (int i = 0; i < 10; ++i) {
    const auto version = Reach(runtime.endpoint(), *clients, {});
    EXPECT_TRUE(version.ok()) << version.status();
    EXPECT_TRUE(clients->containerd->ListImages({}).ok());
    runtime.Stop();
    runtime.Start();
  }
}

TEST(Reach, EndsAtOnceWhenItIsStopped) {
  HangingRuntime runtime;
  auto clients = MakeClients(runtime.endpoint());
  std::stop_source stop;
  auto call = std::async(std::launch::async,
                         [&] { return Reach(runtime.endpoint(), *clients, {.stop = stop.get_token()}).status(); });
  runtime.AwaitCalls(1);
  stop.request_stop();
  ASSERT_EQ(call.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  const absl::Status status = call.get();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_EQ(text::MessageOf(status),
            "connecting to " + runtime.endpoint().substr(7) + ": asking the runtime for its version: stopped");
}

TEST(Reach, IsTheOnlyOneToAskForTheVersion) {
  RuntimeClients clients{.cri = std::make_unique<FakeCri>(), .containerd = std::make_unique<FakeContainerd>()};
  const auto version = Reach("unix:///none", clients, {});
  ASSERT_TRUE(version.ok());
  ASSERT_TRUE(ReadNode(*clients.cri, *clients.containerd, *version, true, {}).ok());
  const auto seen = static_cast<FakeCri&>(*clients.cri).calls->seen();
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "asking the runtime for its version"), 1);
}

}  // namespace
}  // namespace tagdrift::node
