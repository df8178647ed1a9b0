#include "fake_calls.h"

namespace tagdrift::node {

absl::Status FakeCalls::Begin(const std::string& doing, const CallContext& context) {
  if (absl::Status ended = context.Check(std::chrono::steady_clock::now(), doing); !ended.ok()) return ended;
  std::unique_lock lock(mutex_);
  seen_.push_back(doing);
  if (before_hanging_ < 0 || before_hanging_-- > 0) return absl::OkStatus();
  hanging_ = true;
  changed_.notify_all();
  const auto never = [] { return false; };
  if (context.deadline == SteadyTime::max()) {
    changed_.wait(lock, context.stop, never);
  } else {
    changed_.wait_until(lock, context.stop, context.deadline, never);
  }
  hanging_ = false;
  return context.Check(std::chrono::steady_clock::now(), doing);
}

void FakeCalls::HangAfter(int more) {
  const std::lock_guard lock(mutex_);
  before_hanging_ = more;
}

void FakeCalls::AwaitHanging() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return hanging_; });
}

std::vector<std::string> FakeCalls::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace tagdrift::node
