#include "serve/limits.h"

#include <algorithm>
#include <chrono>

namespace tagdrift::serve {

std::shared_ptr<void> Slots::Take(Role role) {
  const int stay = role == Role::kOperator ? 0 : for_operators_;
  int left = left_->load();
  do {
    if (left <= stay) return nullptr;
  } while (!left_->compare_exchange_weak(left, left - 1));
  return {static_cast<void*>(left_.get()), [counter = left_](void*) { ++*counter; }};
}

std::shared_ptr<void> ByteRoom::Take(std::size_t bytes, std::size_t most) {
  std::size_t held = held_->load();
  do {
    if (bytes > most || held > most - bytes) return nullptr;
  } while (!held_->compare_exchange_weak(held, held + bytes));
  return {static_cast<void*>(held_.get()), [counter = held_, bytes](void*) { *counter -= bytes; }};
}

std::optional<absl::Duration> TokenBucket::Take() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_->Steady();
  tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - filled_).count() * per_second_);
  filled_ = now;
  if (tokens_ < 1) return absl::Seconds((1 - tokens_) / per_second_);
  tokens_ -= 1;
  return std::nullopt;
}

}  // namespace tagdrift::serve
