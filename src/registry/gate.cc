#include "registry/gate.h"

namespace tagdrift::registry {
namespace {

constexpr std::chrono::seconds kDeadFor{10};

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

void Gate::Open() { state_ = State::kOpen; }

void Gate::Close(HttpResponse failure, Time now) {
  state_ = State::kDead;
  failure_ = std::move(failure);
  dead_until_ = now + kDeadFor;
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
