#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "credentials/call_ended.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::credentials {

/// Work that several threads want at once is done by one of them. Thread safe.
template <typename T>
class SingleFlight {
 public:
  using Result = absl::StatusOr<T>;

  /// What `work` returns, or what it returns to the thread that is already doing it for `key`. Where that thread's own
  /// call ended first (`work` returned Cancelled), one of those who wait does the work instead. Errors: those of
  /// `work`, and Cancelled when `context` ended while waiting.
  Result Do(const std::string& key, const CallContext& context, const std::function<Result()>& work) {
    std::unique_lock lock(mutex_);
    for (auto found = under_way_.find(key); found != under_way_.end(); found = under_way_.find(key)) {
      const std::shared_ptr<const Flight> flight = found->second;
      if (!ended_.wait_until(lock, context.stop, context.deadline, [&flight] { return flight->has_ended; })) {
        return CallEnded(context);
      }
      if (flight->result) return *flight->result;
    }
    const auto flight = std::make_shared<Flight>();
    under_way_.emplace(key, flight);
    lock.unlock();
    const absl::Cleanup end_flight = [&] {
      lock.lock();
      flight->has_ended = true;
      under_way_.erase(key);
      ended_.notify_all();
    };
    Result result = work();
    if (!absl::IsCancelled(result.status())) {
      const std::lock_guard publish(mutex_);
      flight->result = result;
    }
    return result;
  }

 private:
  struct Flight {
    bool has_ended = false;
    std::optional<Result> result;  ///< nothing: not done, as its call ended
  };

  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::map<std::string, std::shared_ptr<Flight>> under_way_;
};

}  // namespace tagdrift::credentials
