#include "serve/limits.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tagdrift::serve {

Grant Quota::Take(std::size_t amount, const Caller& caller, std::size_t most, std::optional<std::size_t> share) {
  const bool has_share = RoleOf(caller) == Role::kReader;
  {
    const std::lock_guard lock(held_->mutex);
    const auto own = held_->readers.find(caller.id);
    const std::size_t own_held = own == held_->readers.end() ? 0 : own->second;
    const bool has_enough = share ? amount > *share || own_held > *share - amount
                                  : own_held > 0 && own_held + held_->of_readers + 2 * amount > most;
    if (has_share && has_enough) return {.share_is_taken = true};
    if (amount > most || held_->all > most - amount) return {};
    if (has_share) {
      held_->readers[caller.id] += amount;
      held_->of_readers += amount;
    }
    held_->all += amount;
  }
  const auto give_back = [held = held_, amount, has_share, id = caller.id](void*) {
    const std::lock_guard lock(held->mutex);
    held->all -= amount;
    if (!has_share) return;
    held->of_readers -= amount;
    const auto own = held->readers.find(id);
    if ((own->second -= amount) == 0) held->readers.erase(own);
  };
  return {.held = {static_cast<void*>(held_.get()), give_back}};
}

Grant Slots::Take(const Caller& caller) {
  return quota_.Take(1, caller, RoleOf(caller) == Role::kOperator ? most_ : of_readers_, std::nullopt);
}

Grant SharedSlots::Take(const Caller& caller, const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto key = std::tuple(RoleOf(caller), caller.id, what);
  if (const auto found = taken_.find(key); found != taken_.end()) {
    if (auto held = found->second.lock()) return {.held = std::move(held)};
  }
  Grant place = slots_.Take(caller);
  if (place.held == nullptr) return place;
  std::erase_if(taken_, [](const auto& entry) { return entry.second.expired(); });
  taken_[key] = place.held;
  return place;
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
