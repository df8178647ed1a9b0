#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "tagdrift/call/clock.h"

namespace tagdrift::credentials {

/// Values that hold for a time; at most kMost. Thread safe.
template <typename Value>
class ExpiringCache {
 public:
  static constexpr std::size_t kMost = 1000;

  std::optional<Value> Get(const std::string& key, SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end() || found->second.until <= now) return std::nullopt;
    return found->second.value;
  }

  /// Drops what no longer holds, and where that is not enough, what would hold for the shortest time.
  void Put(const std::string& key, Value value, SteadyTime until, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(values_, [now](const auto& entry) { return entry.second.until <= now; });
    values_.insert_or_assign(key, Held{std::move(value), until});
    if (values_.size() <= kMost) return;
    values_.erase(std::ranges::min_element(values_, {}, [](const auto& entry) { return entry.second.until; }));
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  struct Held {
    Value value;
    SteadyTime until;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Held> values_;
};

}  // namespace tagdrift::credentials
