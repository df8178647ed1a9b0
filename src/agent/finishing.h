#pragma once

#include <chrono>
#include <stop_token>
#include <thread>

#include "tagdrift/call/call_context.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::agent {

/// The contexts of what must still be done when an action is to end: once a tag has been touched it is verified or put
/// back, locks and leases are given back. These steps are no inner calls of the action's: neither its deadline nor a
/// stop request ends them at once, but each is bounded, and a stop request shortens the bound.
class Finishing {
 public:
  /// `stop` is the action's.
  Finishing(const Clock& clock, std::stop_token stop);

  /// For a step towards the goal: ends kVerifyAfterStop after a stop request.
  CallContext Verifying(std::chrono::nanoseconds limit) const;
  /// For reading what became of a step: ends kLastLookAfterStop after a stop request, so that there is time left to put
  /// back and to give back.
  CallContext LastLook() const;
  /// For taking back and giving back: ends kUndoAfterStop after a stop request.
  CallContext Undoing() const;

 private:
  static constexpr std::chrono::milliseconds kVerifyAfterStop{300};
  static constexpr std::chrono::milliseconds kLastLookAfterStop{500};
  static constexpr std::chrono::milliseconds kUndoAfterStop{700};
  static constexpr std::chrono::seconds kUndoLimit{15};

  void Run(const std::stop_token& end);

  const Clock& clock_;
  const std::stop_token stop_;
  std::stop_source verifying_;
  std::stop_source last_look_;
  std::stop_source undoing_;
  std::jthread timer_;
};

}  // namespace tagdrift::agent
