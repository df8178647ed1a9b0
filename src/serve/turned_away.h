#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

/// Told who was turned away and why, "uid 7: too many connections", and how often since it was last told of that.
using OnTurnedAway = std::function<void(const std::string& who, int times)>;

/// Who was turned away and why, each told of at most once a minute, so that a flood of connections or of calls is none
/// of lines. Thread safe.
class TurnedAway {
 public:
  /// Beyond so many within a minute, the rest are told of as "others".
  static constexpr std::size_t kMost = 16;

  TurnedAway(OnTurnedAway tell, std::shared_ptr<const Clock> clock)
      : tell_(std::move(tell)), clock_(std::move(clock)) {}

  /// Tells of the first time at once.
  void Add(const std::string& who) { Add(who, who); }
  /// Of what is the same but for its words, which say what the caller likes. The latest are told.
  void Add(const std::string& same, const std::string& who);
  /// Tells of what has come since a minute ago; to be called now and then.
  void TellRest();

 private:
  struct Peer {
    SteadyTime told;
    std::string who;  ///< the latest
    int times = 0;    ///< since
  };

  const OnTurnedAway tell_;
  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::map<std::string, Peer> peers_;
};

}  // namespace tagdrift::serve
