#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "serve/caller.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

/// How much may go on at a time. Thread safe.
class Slots {
 public:
  /// Readers leave `for_operators` of them free.
  Slots(int most, int for_operators) : for_operators_(for_operators), left_(std::make_shared<std::atomic<int>>(most)) {}

  /// One, given back with the last copy of the answer. Null: none is free for `role`.
  std::shared_ptr<void> Take(Role role);

 private:
  const int for_operators_;
  const std::shared_ptr<std::atomic<int>> left_;
};

/// How many bytes may be held at a time. Thread safe.
class ByteRoom {
 public:
  /// `bytes`, given back with the last copy of the answer. Null: with them more than `most` would be held.
  std::shared_ptr<void> Take(std::size_t bytes, std::size_t most);

 private:
  const std::shared_ptr<std::atomic<std::size_t>> held_ = std::make_shared<std::atomic<std::size_t>>(0);
};

/// How often something may happen. Thread safe.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, std::shared_ptr<const Clock> clock)
      : per_second_(per_second), burst_(burst), clock_(std::move(clock)), tokens_(burst), filled_(clock_->Steady()) {}

  /// Nothing: it may happen, and is counted. Otherwise in how long it may.
  std::optional<absl::Duration> Take();

 private:
  const double per_second_;
  const double burst_;
  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  double tokens_;
  SteadyTime filled_;
};

}  // namespace tagdrift::serve
