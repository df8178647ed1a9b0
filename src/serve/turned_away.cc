#include "serve/turned_away.h"

#include <chrono>

namespace tagdrift::serve {
namespace {

constexpr std::chrono::minutes kBetweenLines(1);

}  // namespace

void TurnedAway::Add(const std::string& who) {
  const std::lock_guard lock(mutex_);
  const bool has_room = peers_.contains(who) || peers_.size() < kMost;
  const auto& [peer, is_first] = peers_.try_emplace(has_room ? who : "others", Peer{clock_->Steady()});
  if (is_first) return tell_(peer->first, 1);
  ++peer->second.times;
}

void TurnedAway::TellRest() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_->Steady();
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    auto& [told, times] = peer->second;
    if (now - told < kBetweenLines) {
      ++peer;
    } else if (times == 0) {
      peer = peers_.erase(peer);
    } else {
      tell_(peer->first, times);
      peer++->second = {now};
    }
  }
}

}  // namespace tagdrift::serve
