#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "registry/http_message.h"
#include "registry/rate_limit.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// What may be asked of one endpoint, and when: tagdrift runs on every node and must never become the reason for a
/// rate limit, nor hammer a server that is in trouble.
///
/// - After 429, or 503 with Retry-After, nothing is asked for as long as the server says, else for a minute, doubled
///   each time up to an hour.
/// - An endpoint that has shown nothing but 5xx and broken connections, at least 20 times and for 30 seconds, is left
///   alone for 30 s, doubled each time up to a quarter of an hour. (A round that finds a server down is over sooner.)
/// - After such a pause one request goes alone; its outcome decides.
/// - Of what the server says remains of its limit, a share stays for the node's own pulls.
/// - A given rate is kept by a token bucket: what is too much waits.
///
/// Pauses vary by up to a fifth, so that nodes do not come back together. Used by one thread at a time.
class Budget {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Go {};
  struct Wait {
    std::optional<Time> until;  ///< nothing: for the outcome of what is under way
  };
  struct Closed {
    std::string why;
    std::chrono::milliseconds left;
  };
  using Verdict = std::variant<Go, Wait, Closed>;

  Budget(Politeness politeness, std::uint32_t seed) : politeness_(politeness), random_(seed) {}

  /// Asked before a request is sent; Go counts it as sent.
  Verdict Admit(Method method, Time now);
  void Note(const HttpResponse& response, Time now);
  /// How long the endpoint is left alone after what was noted; nothing while it is not.
  std::optional<std::chrono::milliseconds> Left(Time now) const;

 private:
  enum class State { kOpen, kClosed, kProbing };

  std::optional<Closed> Reserved(Method method, Time now) const;
  std::optional<Wait> TooFast(Time now);
  void NoteTrouble(const HttpResponse& response, Time now);
  void Close(std::string why, std::chrono::milliseconds pause, std::chrono::milliseconds most, Time now);

  Politeness politeness_;
  std::minstd_rand random_;

  State state_ = State::kOpen;
  std::string why_;
  Time closed_until_;
  int closings_ = 0;  ///< without a good answer in between

  int troubles_ = 0;  ///< in a row
  Time troubled_since_;

  std::optional<RateLimit> rate_;
  Time rate_ends_;

  double tokens_ = 0;
  std::optional<Time> filled_;
};

}  // namespace tagdrift::registry
