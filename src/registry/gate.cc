#include "registry/gate.h"

#include <algorithm>

namespace tagdrift::registry {
namespace {

constexpr std::chrono::seconds kDeadFor{10};
constexpr std::chrono::seconds kLongestDeadFor{300};

}  // namespace

Gate::Entry Gate::Enter(Time now) {
  switch (state_) {
    case State::kOpen:
      return Entry::kOpen;
    case State::kContacting:
      return Entry::kWait;
    case State::kDead:
      if (now < dead_until_) return Entry::kDead;
      [[fallthrough]];
    case State::kUnknown:
      state_ = State::kContacting;
      return Entry::kAlone;
  }
  return Entry::kOpen;
}

void Gate::Open() {
  state_ = State::kOpen;
  dead_for_ = {};
}

void Gate::Close(HttpResponse failure, Time now) {
  state_ = State::kDead;
  failure_ = std::move(failure);
  dead_for_ = std::clamp(dead_for_ * 2, kDeadFor, kLongestDeadFor);
  dead_until_ = now + dead_for_;
}

bool Gate::Closes(const HttpResponse& response) {
  switch (response.failure) {
    case hosts::Failure::kName:
    case hosts::Failure::kConnect:
    case hosts::Failure::kTls:
    case hosts::Failure::kTimeout:
    case hosts::Failure::kDeadline:
      return true;
    case hosts::Failure::kNone:
    case hosts::Failure::kClosed:
    case hosts::Failure::kRedirectLoop:
    case hosts::Failure::kToken:
    case hosts::Failure::kUnusable:
    case hosts::Failure::kRefusedRedirect:
    case hosts::Failure::kRefusedRealm:
    case hosts::Failure::kBudget:
      return false;
  }
  return false;
}

}  // namespace tagdrift::registry
