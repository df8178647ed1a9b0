#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tagdrift::credentials {

/// Work that several threads want at once is done by one of them. Thread safe.
template <typename Value>
class SingleFlight {
 public:
  /// What `work` returns, or what it returns to the thread that is already at it for `key`.
  Value Do(const std::string& key, const std::function<Value()>& work) {
    std::unique_lock lock(mutex_);
    if (const auto found = under_way_.find(key); found != under_way_.end()) {
      const std::shared_ptr<std::optional<Value>> result = found->second;
      landed_.wait(lock, [&result] { return result->has_value(); });
      return **result;
    }
    const auto result = std::make_shared<std::optional<Value>>();
    under_way_.emplace(key, result);
    lock.unlock();
    Value value = work();
    lock.lock();
    *result = value;
    under_way_.erase(key);
    landed_.notify_all();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable landed_;
  std::map<std::string, std::shared_ptr<std::optional<Value>>> under_way_;
};

}  // namespace tagdrift::credentials
