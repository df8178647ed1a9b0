#include "finishing.h"

#include <utility>

#include "tagdrift/call/linked_stop.h"

namespace tagdrift::agent {

Finishing::Finishing(const Clock& clock, std::stop_token stop)
    : clock_(clock), stop_(std::move(stop)), timer_([this](const std::stop_token& end) { Run(end); }) {}

CallContext Finishing::Verifying(std::chrono::nanoseconds limit) const {
  return CallContext{.stop = verifying_.get_token()}.Within(clock_.Steady(), limit);
}

CallContext Finishing::LastLook() const {
  return CallContext{.stop = last_look_.get_token()}.Within(clock_.Steady(), kUndoLimit);
}

CallContext Finishing::Undoing() const {
  return CallContext{.stop = undoing_.get_token()}.Within(clock_.Steady(), kUndoLimit);
}

void Finishing::Run(const std::stop_token& end) {
  const LinkedStop either(stop_, end);
  (void)clock_.WaitUntil(SteadyTime::max(), either.token());
  const SteadyTime stopped = clock_.Steady();
  if (!clock_.WaitUntil(stopped + kVerifyAfterStop, end)) return;
  verifying_.request_stop();
  if (!clock_.WaitUntil(stopped + kLastLookAfterStop, end)) return;
  last_look_.request_stop();
  if (!clock_.WaitUntil(stopped + kUndoAfterStop, end)) return;
  undoing_.request_stop();
}

}  // namespace tagdrift::agent
