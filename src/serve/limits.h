#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "serve/caller.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

/// What has been taken, or why nothing could be.
struct Grant {
  std::shared_ptr<void> held;   ///< given back with its last copy; null: there is none
  bool share_is_taken = false;  ///< there is none since the caller himself has all that one reader may have
};

/// How much is held at a time, by all and by each reader. Thread safe.
class Quota {
 public:
  /// `amount`, unless with it all would hold more than `most`, or this caller, where he is a reader, more than `share`;
  /// without one, more than `amount` and than all readers would leave of `most`. What an operator holds is in no share,
  /// also where he is a reader elsewhere.
  Grant Take(std::size_t amount, const Caller& caller, std::size_t most, std::optional<std::size_t> share);

 private:
  struct Held {
    std::mutex mutex;
    std::size_t all = 0;                         ///< mutex
    std::size_t of_readers = 0;                  ///< mutex
    std::map<std::string, std::size_t> readers;  ///< by id, of those who hold something; mutex
  };

  const std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

/// How much may go on at a time. Thread safe.
class Slots {
 public:
  /// Readers leave `for_operators` of them free. Of the rest one reader has no more than he leaves, or one: the first
  /// has half, and who comes next finds half of what the others have not taken.
  Slots(std::size_t most, std::size_t for_operators) : most_(most), of_readers_(most - for_operators) {}

  /// One.
  Grant Take(const Caller& caller);

 private:
  const std::size_t most_;
  const std::size_t of_readers_;
  Quota quota_;
};

/// Slots of which a caller takes one for all that is the same. Thread safe.
class SharedSlots {
 public:
  SharedSlots(std::size_t most, std::size_t for_operators) : slots_(most, for_operators) {}

  /// The one that this caller holds for `what`, or else one.
  Grant Take(const Caller& caller, const std::string& what);

 private:
  Slots slots_;
  std::mutex mutex_;
  std::map<std::tuple<Role, std::string, std::string>, std::weak_ptr<void>> taken_;  ///< mutex_
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
