#include "tagdrift/call/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace tagdrift {
namespace {

TEST(SystemClock, WaitsUntilTheTimeHasCome) {
  const auto clock = SystemClock();
  const SteadyTime until = clock->Steady() + std::chrono::milliseconds(5);
  EXPECT_TRUE(clock->WaitUntil(until, {}));
  EXPECT_GE(clock->Steady(), until);
}

TEST(SystemClock, DoesNotWaitForThePast) {
  const auto clock = SystemClock();
  EXPECT_TRUE(clock->WaitUntil(clock->Steady() - std::chrono::hours(1), {}));
  EXPECT_TRUE(clock->WaitUntil(SteadyTime::min(), {}));
}

TEST(SystemClock, DoesNotWaitWhenAlreadyStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(SystemClock()->WaitUntil(SteadyTime::max(), stop.get_token()));
  EXPECT_FALSE(SystemClock()->WaitUntil(SteadyTime::min(), stop.get_token()));
}

TEST(SystemClock, StopsWaitingWhenStopped) {
  std::stop_source stop;
  bool came = true;
  {
    const std::jthread waiter([&] { came = SystemClock()->WaitUntil(SteadyTime::max(), stop.get_token()); });
    stop.request_stop();
  }
  EXPECT_FALSE(came);
}

TEST(SystemClock, IsNeverSetBackAndTheSameForAll) {
  EXPECT_EQ(SystemClock(), SystemClock());
  const SteadyTime first = SystemClock()->Steady();
  EXPECT_GE(SystemClock()->Steady(), first);
}

}  // namespace
}  // namespace tagdrift
