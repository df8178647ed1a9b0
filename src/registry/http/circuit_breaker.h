#pragma once

#include <chrono>

#include "registry/http/http_message.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::registry {

/// First contact with an endpoint is one request alone. Until its outcome is known the rest waits; if the endpoint
/// cannot be reached, the rest has the same outcome without waiting for its own timeouts, and so has what comes within
/// the next ten seconds (doubled each time, up to five minutes). After that the next request is a first contact again.
/// Where a first contact has been sent and no answer begins for long, a further request may go beside it, so that one
/// object that the server is slow with does not hold up all others.
class CircuitBreaker {
 public:
  enum class Entry {
    kGo,            ///< go on
    kFirstContact,  ///< go on and report the outcome: Succeed, Fail or Abandon
    kWait,          ///< a first contact is under way
    kUnreachable,   ///< `failure()` is the outcome
  };

  Entry Enter(SteadyTime now);
  /// The next to enter is a first contact too, if one is under way.
  void AllowAnotherContact() { another_ = state_ == State::kContacting; }
  void Succeed();
  void Fail(HttpResponse failure, SteadyTime now);
  /// The first contact was given up by its caller, which says nothing about the endpoint.
  void Abandon();
  bool contacting() const { return state_ == State::kContacting; }
  const HttpResponse& failure() const { return failure_; }

  /// True for failures of the endpoint rather than of one answer: name, connection, TLS, timeouts.
  static bool IsUnreachable(const HttpResponse& response);

 private:
  enum class State { kUnknown, kContacting, kReachable, kUnreachable };

  State state_ = State::kUnknown;
  int contacts_ = 0;  ///< first contacts under way
  bool another_ = false;
  HttpResponse failure_;
  SteadyTime unreachable_until_;
  std::chrono::seconds unreachable_for_{};
};

}  // namespace tagdrift::registry
