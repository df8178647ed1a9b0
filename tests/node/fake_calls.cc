#include "fake_calls.h"

namespace tagdrift::node {

absl::Status FakeCalls::Begin(const std::string& doing, const CallContext& context) {
  if (absl::Status ended = context.Check(std::chrono::steady_clock::now(), doing); !ended.ok()) return ended;
  std::unique_lock lock(mutex_);
  seen_.push_back(doing);
  const bool is_chosen = before_hanging_ >= 0 && before_hanging_-- == 0;
  if (!is_chosen && !frozen_) return absl::OkStatus();
  ++hanging_;
  changed_.notify_all();
  const auto thawed = [&] { return !is_chosen && !frozen_; };
  if (context.deadline == SteadyTime::max()) {
    changed_.wait(lock, context.stop, thawed);
  } else {
    changed_.wait_until(lock, context.stop, context.deadline, thawed);
  }
  --hanging_;
  return context.Check(std::chrono::steady_clock::now(), doing);
}

void FakeCalls::HangAfter(int more) {
  const std::lock_guard lock(mutex_);
  before_hanging_ = more;
}

void FakeCalls::Freeze() {
  const std::lock_guard lock(mutex_);
  frozen_ = true;
}

void FakeCalls::Thaw() {
  const std::lock_guard lock(mutex_);
  frozen_ = false;
  changed_.notify_all();
}

void FakeCalls::AwaitHanging() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return hanging_ > 0; });
}

std::vector<std::string> FakeCalls::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace tagdrift::node
