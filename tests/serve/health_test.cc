#include "serve/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace tagdrift::serve {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr SteadyTime kNoon(std::chrono::hours(12));

TEST(Health, IsGoodUntilTheLoopIsLate) {
  const Heartbeat heartbeat(kNoon);
  EXPECT_EQ(Healthz(heartbeat, kNoon - seconds(30)).status, 200);
  EXPECT_EQ(Healthz(heartbeat, kNoon).status, 200);
  EXPECT_EQ(Healthz(heartbeat, kNoon + std::chrono::nanoseconds(1)).status, 503);
}

TEST(Health, SaysHowLateTheLoopIs) {
  const HttpAnswer answer = Healthz(Heartbeat(kNoon), kNoon + seconds(42));
  EXPECT_EQ(answer.body, "the agent's loop is 42 s late\n");
}

TEST(Health, IsGoodAgainWhenAHungLoopGoesOn) {
  Heartbeat heartbeat(kNoon);
  EXPECT_EQ(Healthz(heartbeat, kNoon + seconds(1)).status, 503);
  heartbeat.PromiseNext(kNoon + seconds(60));
  EXPECT_EQ(Healthz(heartbeat, kNoon + seconds(1)).status, 200);
}

TEST(Readiness, WaitsForTheFirstReport) {
  EXPECT_EQ(Readyz(false).status, 503);
  EXPECT_EQ(Readyz(true).status, 200);
  EXPECT_EQ(Readyz(true, "the latest round failed").status, 200) << "there still is a report";
}

TEST(Readiness, SaysInOneLineWhyThereIsNoReport) {
  const HttpAnswer answer = Readyz(false, "reading /etc/containerd:\nno such file");
  EXPECT_EQ(answer.body, "there is no report yet: reading /etc/containerd:\\nno such file\n");
}

}  // namespace
}  // namespace tagdrift::serve
