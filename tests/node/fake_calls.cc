#include "fake_calls.h"

#include <utility>

namespace tagdrift::node {

absl::Status FakeCalls::Begin(const std::string& doing, const CallContext& context) {
  if (absl::Status ended = context.Check(std::chrono::steady_clock::now(), doing); !ended.ok()) return ended;
  std::unique_lock lock(mutex_);
  seen_.push_back(doing);
  for (const auto& [part, failure] : failures_) {
    if (doing.find(part) != std::string::npos) return failure;
  }
  const bool is_chosen = IsToHang(doing);
  if (!is_chosen && !frozen_) return absl::OkStatus();
  changed_.notify_all();
  const auto thawed = [&] { return !is_chosen && !frozen_; };
  if (context.deadline == SteadyTime::max()) {
    changed_.wait(lock, context.stop, thawed);
  } else {
    changed_.wait_until(lock, context.stop, context.deadline, thawed);
  }
  return context.Check(std::chrono::steady_clock::now(), doing);
}

bool FakeCalls::IsToHang(const std::string& doing) {
  if (before_hanging_ < 0) return false;
  if (before_hanging_ > 0) {
    --before_hanging_;
    return false;
  }
  if (!for_good_) before_hanging_ = -1;
  if (hung_.empty()) hung_ = doing;
  return true;
}

void FakeCalls::HangAfter(int more, bool for_good) {
  const std::lock_guard lock(mutex_);
  before_hanging_ = more;
  for_good_ = for_good;
  hung_.clear();
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

bool FakeCalls::AwaitHanging(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, std::move(stop), [this] { return !hung_.empty(); });
}

std::string FakeCalls::hung() const {
  const std::lock_guard lock(mutex_);
  return hung_;
}

void FakeCalls::Fail(const std::string& part, const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  failures_[part] = status;
}

std::vector<std::string> FakeCalls::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace tagdrift::node
