#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Values that hold for a time; at most a thousand. Thread safe.
template <typename Value>
class Expiring {
 public:
  std::optional<Value> Get(const std::string& key, Time now) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end() || found->second.second <= now) return std::nullopt;
    return found->second.first;
  }

  void Put(const std::string& key, Value value, Time until, Time now) {
    const std::lock_guard lock(mutex_);
    if (values_.size() >= kMost)
      std::erase_if(values_, [now](const auto& entry) { return entry.second.second <= now; });
    if (values_.size() >= kMost) values_.clear();
    values_.insert_or_assign(key, std::pair{std::move(value), until});
  }

 private:
  static constexpr std::size_t kMost = 1000;

  mutable std::mutex mutex_;
  std::map<std::string, std::pair<Value, Time>> values_;
};

}  // namespace tagdrift::credentials
