#include "registry/auth/login_throttle.h"

#include <chrono>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kTries = 3;
constexpr std::chrono::minutes kRefusedFor{15};

}  // namespace

LoginThrottle::Entry LoginThrottle::Enter(SteadyTime now) {
  switch (state_) {
    case State::kOpen:
      return Entry::kOpen;
    case State::kTrying:
      return Entry::kWait;
    case State::kRefused:
      if (now < refused_until_) return Entry::kRefused;
      refused_for_.clear();
      [[fallthrough]];
    case State::kUnknown:
      state_ = State::kTrying;
      return Entry::kTry;
  }
  return Entry::kRefused;
}

void LoginThrottle::Settle(Outcome outcome, const std::string& repository, SteadyTime now) {
  switch (outcome) {
    case Outcome::kGood:
      state_ = State::kOpen;
      refused_for_.clear();
      return;
    case Outcome::kRefused:
      refused_for_.insert(repository);
      if (refused_for_.size() >= kTries) {
        state_ = State::kRefused;
        refused_until_ = now + kRefusedFor;
        return;
      }
      break;
    case Outcome::kUnknown:
      break;
  }
  if (state_ == State::kTrying) state_ = State::kUnknown;
}

}  // namespace tagdrift::registry
