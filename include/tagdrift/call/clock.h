#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include "absl/time/time.h"

namespace tagdrift {

/// Never set back: for waiting and for measuring.
using SteadyTime = std::chrono::steady_clock::time_point;

/// The two clocks of the process. Thread safe. Tests replace it to move time by hand.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual SteadyTime Steady() const = 0;
  /// The node's wall clock: to show, and to compare with times that others wrote. It may jump.
  virtual absl::Time Wall() const = 0;
  /// Waits until `until` or a stop request. True: the time has come; false: stopped before.
  virtual bool WaitUntil(SteadyTime until, std::stop_token stop) const = 0;
};

/// The system's clocks.
std::shared_ptr<const Clock> SystemClock();

}  // namespace tagdrift
