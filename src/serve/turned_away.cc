#include "serve/turned_away.h"

#include <chrono>
#include <utility>

namespace tagdrift::serve {
namespace {

constexpr std::chrono::minutes kBetweenLines(1);

}  // namespace

void TurnedAway::Add(const std::string& same, const std::string& who) {
  const std::lock_guard lock(mutex_);
  const bool has_room = peers_.contains(same) || peers_.size() < kMost;
  const auto& [peer, is_first] = peers_.try_emplace(has_room ? same : "others", Peer{.told = clock_->Steady()});
  peer->second.who = has_room ? who : "others";
  if (is_first) return tell_(peer->second.who, 1);
  ++peer->second.times;
}

void TurnedAway::TellRest() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_->Steady();
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    auto& [told, who, times] = peer->second;
    if (now - told < kBetweenLines) {
      ++peer;
    } else if (times == 0) {
      peer = peers_.erase(peer);
    } else {
      tell_(who, std::exchange(times, 0));
      told = now;
      ++peer;
    }
  }
}

}  // namespace tagdrift::serve
