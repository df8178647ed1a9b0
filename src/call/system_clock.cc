#include <condition_variable>
#include <mutex>

#include "absl/time/clock.h"
#include "tagdrift/call/clock.h"

namespace tagdrift {
namespace {

class System final : public Clock {
 public:
  SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
  absl::Time Wall() const override { return absl::Now(); }
  bool WaitUntil(SteadyTime until, std::stop_token stop) const override {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, until, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

std::shared_ptr<const Clock> SystemClock() {
  static const std::shared_ptr<const Clock> clock = std::make_shared<System>();
  return clock;
}

}  // namespace tagdrift
