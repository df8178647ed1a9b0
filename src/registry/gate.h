#pragma once

#include <chrono>

#include "registry/http_message.h"

namespace tagdrift::registry {

/// First contact with an endpoint is one request alone. Until its outcome is known the rest waits; if the endpoint
/// cannot be reached, the rest has the same outcome without waiting for its own timeouts, and so has what comes within
/// the next ten seconds (doubled each time, up to five minutes). After that the next request is a first contact again.
class Gate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Entry {
    kOpen,   ///< go on
    kAlone,  ///< go on and report the outcome: Open, or Close
    kWait,   ///< a first contact is under way
    kDead,   ///< `failure()` is the outcome
  };

  Entry Enter(Time now);
  void Open();
  void Close(HttpResponse failure, Time now);
  const HttpResponse& failure() const { return failure_; }

  /// True for failures of the place rather than of one answer: name, connection, TLS, timeouts.
  static bool Closes(const HttpResponse& response);

 private:
  enum class State { kUnknown, kContacting, kOpen, kDead };

  State state_ = State::kUnknown;
  HttpResponse failure_;
  Time dead_until_;
  std::chrono::seconds dead_for_{};
};

}  // namespace tagdrift::registry
