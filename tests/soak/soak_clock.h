#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "tagdrift/call/clock.h"

namespace tagdrift::soak {

/// Goes as fast as the system's clocks and can be set forward, so that weeks pass in minutes. Thread safe.
class SoakClock final : public Clock {
 public:
  SteadyTime Steady() const override;
  absl::Time Wall() const override;
  bool WaitUntil(SteadyTime until, std::stop_token stop) const override;

  void Pass(std::chrono::nanoseconds time);

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any passed_;
  std::atomic<std::chrono::nanoseconds> ahead_ = std::chrono::nanoseconds(0);
};

}  // namespace tagdrift::soak
