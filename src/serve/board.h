#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "serve/snapshot.h"
#include "tagdrift/agent/kept_round.h"
#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// The latest report, as it is told. Immutable.
struct Published {
  std::shared_ptr<const agent::KeptRound> round;
  std::shared_ptr<const Snapshot> report;  ///< all of it
};

/// Where the latest report hangs. Readers hold no lock while they read it. Thread safe.
class Board {
 public:
  using Listener = std::function<void()>;

  /// Null before the first report.
  std::shared_ptr<const Published> Latest() const;
  /// The generation grows where the report says something new; see NewsBetween.
  void Publish(std::shared_ptr<const agent::KeptRound> round, v1::NodeReport report);
  /// The latest report stays, marked. Before the first one it is only kept for `Failure`.
  void PublishFailure(v1::FailedRound failure);
  /// Of the latest round, where that failed.
  std::optional<v1::FailedRound> Failure() const;

  /// Has `listener` called after reports, also those that say nothing new, by who tells: once for those that have come
  /// meanwhile. The listening ends with the answer, after which `listener` is not called any more.
  std::shared_ptr<void> Listen(Listener listener);
  /// Calls the listeners, one after the other, until it is stopped. What they do takes nobody else's time: neither
  /// publishing nor listening waits for it. For one thread.
  void Tell(const std::stop_token& stop);

 private:
  struct Listening {
    std::mutex mutex;
    Listener listener;  ///< mutex; none: it has ended
  };
  struct Listeners {
    std::mutex mutex;
    std::uint64_t next = 0;
    std::map<std::uint64_t, std::shared_ptr<Listening>> all;
  };

  mutable std::mutex mutex_;
  std::condition_variable_any published_;
  bool is_told_ = true;  ///< of the latest report
  std::shared_ptr<const Published> latest_;
  std::optional<v1::FailedRound> failure_;
  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace tagdrift::serve
