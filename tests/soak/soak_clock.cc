#include "soak_clock.h"

#include <utility>

#include "absl/time/clock.h"

namespace tagdrift::soak {

using std::chrono::steady_clock;

SteadyTime SoakClock::Steady() const { return steady_clock::now() + ahead_.load(); }

absl::Time SoakClock::Wall() const { return absl::Now() + absl::FromChrono(ahead_.load()); }

bool SoakClock::WaitUntil(SteadyTime until, std::stop_token stop) const {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && Steady() < until) {
    const std::chrono::nanoseconds before = ahead_;
    const auto is_ahead = [&] { return ahead_.load() != before; };
    if (until == SteadyTime::max()) {
      passed_.wait(lock, stop, is_ahead);
    } else {
      passed_.wait_until(lock, stop, until - before, is_ahead);
    }
  }
  return !stop.stop_requested();
}

void SoakClock::Pass(std::chrono::nanoseconds time) {
  const std::lock_guard lock(mutex_);
  ahead_ = ahead_.load() + time;
  passed_.notify_all();
}

}  // namespace tagdrift::soak
