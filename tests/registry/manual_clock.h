#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "absl/time/clock.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::registry {

/// A clock that is moved by hand. It starts at the real time.
class ManualClock final : public Clock {
 public:
  SteadyTime Steady() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  absl::Time Wall() const override {
    const std::lock_guard lock(mutex_);
    return wall_;
  }

  bool WaitUntil(SteadyTime until, std::stop_token stop) const override {
    std::unique_lock lock(mutex_);
    ++waits_;
    waits_until_ = std::max(waits_until_, until);
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return now_ >= until; });
    return !stop.stop_requested();
  }

  void Advance(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    Move(time);
  }

  /// Advances by at least `time`, and returns when the one thread that waits by this clock has done its work and waits
  /// again.
  void AdvanceAndWait(std::chrono::nanoseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waits_ > 0; });
    const std::uint64_t before = waits_;
    Move(std::max<std::chrono::nanoseconds>(time, waits_until_ - now_));
    changed_.wait(lock, [&] { return waits_ > before; });
  }

 private:
  void Move(std::chrono::nanoseconds time) {
    now_ += std::chrono::duration_cast<SteadyTime::duration>(time);
    wall_ += absl::FromChrono(time);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable std::uint64_t waits_ = 0;
  mutable SteadyTime waits_until_;
  SteadyTime now_ = std::chrono::steady_clock::now();
  absl::Time wall_ = absl::Now();
};

}  // namespace tagdrift::registry
