#include "node/image_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "ending_in.h"
#include "fake_action_services.h"

namespace tagdrift::node {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::seconds kLimit(20);

TEST(ImageWatch, SeesAllThatHappenedBeforeItCaughtUp) {
  FakeActionServices runtime;
  const auto containerd = runtime.Containerd();
  runtime.Emit("/images/update", "app:v1");
  const auto watch = containerd->WatchImages({});
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_THAT((*watch)->ChangesOf("app:v1"), IsEmpty()) << "what was before the watch is not its matter";
  runtime.Emit("/images/update", "app:v1");
  runtime.Emit("/images/create", "app:v2");
  runtime.Emit("/images/delete", "app:v1");
  runtime.Emit("/content/delete", "app:v1");
  ASSERT_TRUE((*watch)->CatchUp({}).ok());
  const auto changes = (*watch)->ChangesOf("app:v1");
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].kind, ImageEvent::Kind::kUpdated);
  EXPECT_EQ(changes[1].kind, ImageEvent::Kind::kDeleted);
}

TEST(ImageWatch, SaysThatItLostTheStream) {
  FakeActionServices runtime;
  const auto containerd = runtime.Containerd();
  const auto watch = containerd->WatchImages({});
  ASSERT_TRUE(watch.ok()) << watch.status();
  runtime.EndEvents();
  // What was sent before the end may still come.
  absl::Status status = (*watch)->CatchUp({});
  while (status.ok()) status = (*watch)->CatchUp({});
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST(ImageWatch, SaysThatItOverflowedInsteadOfDroppingEvents) {
  FakeActionServices runtime;
  GrpcImageWatch watch(runtime.connection()->channel(), kLimit, 10'000);
  ASSERT_TRUE(watch.CatchUp({}).ok());
  for (int i = 0; i < 1000; ++i) runtime.Emit("/images/update", "app:v1");
  EXPECT_TRUE(absl::IsResourceExhausted(watch.CatchUp({}))) << "many events of one name";
  EXPECT_TRUE(absl::IsResourceExhausted(watch.CatchUp({}))) << "for good";
  EXPECT_LT(watch.ChangesOf("app:v1").size(), 200U);
}

TEST(ImageWatch, SaysThatManyNamesOverflowedIt) {
  FakeActionServices runtime;
  GrpcImageWatch watch(runtime.connection()->channel(), kLimit, 10'000);
  ASSERT_TRUE(watch.CatchUp({}).ok());
  for (int i = 0; i < 1000; ++i) runtime.Emit("/images/update", "app:v" + std::to_string(i));
  EXPECT_TRUE(absl::IsResourceExhausted(watch.CatchUp({})));
}

TEST(ImageWatch, SaysThatAnEventCouldNotBeRead) {
  FakeActionServices runtime;
  const auto watch = runtime.Containerd()->WatchImages({});
  ASSERT_TRUE(watch.ok()) << watch.status();
  runtime.EmitUnreadable("/images/delete");
  EXPECT_TRUE(absl::IsDataLoss((*watch)->CatchUp({})));
}

TEST(ImageWatch, CatchesUpBesideOthersThatDo) {
  FakeActionServices runtime;
  const auto containerd = runtime.Containerd();
  std::vector<std::future<absl::Status>> watches;
  for (int i = 0; i < 8; ++i) {
    watches.push_back(std::async(std::launch::async, [&] {
      auto watch = containerd->WatchImages({});
      absl::Status status = watch.status();
      for (int j = 0; j < 20 && status.ok(); ++j) status = (*watch)->CatchUp({});
      return status;
    }));
  }
  for (auto& watch : watches) EXPECT_TRUE(watch.get().ok());
}

TEST(ImageWatch, EndsWaitingAtOnceWhenItIsStopped) {
  FakeActionServices runtime;
  const auto watch = runtime.Containerd()->WatchImages({});
  ASSERT_TRUE(watch.ok()) << watch.status();
  runtime.loses_marks = true;
  std::stop_source stop;
  auto catching_up = std::async(std::launch::async, [&] { return (*watch)->CatchUp({.stop = stop.get_token()}); });
  runtime.AwaitMark();
  stop.request_stop();
  ASSERT_EQ(catching_up.wait_for(std::chrono::milliseconds(500)), std::future_status::ready);
  EXPECT_TRUE(absl::IsCancelled(catching_up.get()));
}

TEST(ImageWatch, EndsWaitingAtItsDeadline) {
  FakeActionServices runtime;
  const auto watch = runtime.Containerd()->WatchImages({});
  ASSERT_TRUE(watch.ok()) << watch.status();
  runtime.loses_marks = true;
  const absl::Status status = (*watch)->CatchUp(EndingIn(std::chrono::milliseconds(120)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  runtime.loses_marks = false;
  EXPECT_TRUE((*watch)->CatchUp({}).ok()) << "a slow answer is not the watch's end";
}

TEST(ImageWatch, LeavesNoStreamBehind) {
  FakeActionServices runtime;
  const auto containerd = runtime.Containerd();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(containerd->WatchImages({}).ok());
  runtime.AwaitNoSubscriber();
}

}  // namespace
}  // namespace tagdrift::node
