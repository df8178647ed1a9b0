#include "stop_on_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stop_token>

namespace tagdrift::cli {
namespace {

/// Waits for the stop request.
void Await(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any requested;
  std::unique_lock lock(mutex);
  requested.wait(lock, token, [] { return false; });
}

// Each in a process of its own: the signals stay blocked.

TEST(StopOnSignalDeathTest, RequestsTheStopAndNamesTheSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          const StopOnSignal stop;
          const bool before = stop.signal() == 0 && !stop.token().stop_requested();
          kill(getpid(), signal);
          Await(stop.token());
          _exit(before && stop.signal() == signal ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(StopOnSignalDeathTest, EndsTheProcessThatTakesLongerThanAllowed) {
  EXPECT_EXIT(
      {
        StopOnSignal stop;
        stop.Allow(std::chrono::milliseconds(1));
        kill(getpid(), SIGTERM);
        for (;;) pause();
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(StopOnSignalDeathTest, TakesTwoSignalsAtOnceForOne) {
  EXPECT_EXIT(
      {
        StopOnSignal stop;
        stop.Allow(std::chrono::hours(1));
        kill(getpid(), SIGTERM);
        Await(stop.token());
        kill(getpid(), SIGINT);
        _exit(stop.signal() == SIGTERM ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(StopOnSignalDeathTest, LeavesSignalsWithoutEffectWhenItIsGone) {
  EXPECT_EXIT(
      {
        { const StopOnSignal stop; }
        kill(getpid(), SIGTERM);
        kill(getpid(), SIGINT);
        _exit(7);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace tagdrift::cli
