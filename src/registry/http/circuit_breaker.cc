#include "registry/http/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace tagdrift::registry {
namespace {

constexpr std::chrono::seconds kUnreachableFor{10};
constexpr std::chrono::seconds kLongestUnreachableFor{300};

}  // namespace

CircuitBreaker::Entry CircuitBreaker::Enter(SteadyTime now) {
  switch (state_) {
    case State::kReachable:
      return Entry::kGo;
    case State::kContacting:
      if (!std::exchange(another_, false)) return Entry::kWait;
      ++contacts_;
      return Entry::kFirstContact;
    case State::kUnreachable:
      if (now < unreachable_until_) return Entry::kUnreachable;
      [[fallthrough]];
    case State::kUnknown:
      state_ = State::kContacting;
      contacts_ = 1;
      another_ = false;
      return Entry::kFirstContact;
  }
  return Entry::kGo;
}

void CircuitBreaker::Succeed() {
  state_ = State::kReachable;
  unreachable_for_ = {};
}

void CircuitBreaker::Fail(HttpResponse failure, SteadyTime now) {
  state_ = State::kUnreachable;
  failure_ = std::move(failure);
  unreachable_for_ = std::clamp(unreachable_for_ * 2, kUnreachableFor, kLongestUnreachableFor);
  unreachable_until_ = now + unreachable_for_;
}

void CircuitBreaker::Abandon() {
  if (state_ == State::kContacting && --contacts_ == 0) state_ = State::kUnknown;
}

bool CircuitBreaker::IsUnreachable(const HttpResponse& response) {
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
