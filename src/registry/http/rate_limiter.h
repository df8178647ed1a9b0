#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "registry/http/http_message.h"
#include "registry/http/rate_limit_headers.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// What may be asked of one origin (scheme, host, port), and when: tagdrift runs on every node and must never become
/// the reason for a rate limit, nor hammer a server that is in trouble.
///
/// - After 429, or 503 with Retry-After, nothing is asked for as long as the server says, else for a minute, doubled
///   each time up to an hour.
/// - An origin that has shown nothing but 5xx and broken connections, at least 20 times and for 30 seconds, is left
///   alone for 30 s, doubled each time up to a quarter of an hour. (A round that finds a server down is over sooner.)
/// - After such a pause one request goes alone; its outcome decides.
/// - Of what the server says remains of its limit, a share stays for the node's own pulls.
/// - A given rate is kept by a token bucket: what is too much waits.
///
/// Pauses vary by up to a fifth, so that nodes do not come back together. Thread safe.
class RateLimiter {
 public:
  struct Go {
    bool probe = false;  ///< the one request after a pause
  };
  struct Wait {
    std::optional<SteadyTime> until;  ///< nothing: for the outcome of the probe
  };
  struct HeldBack {
    std::string why;
    std::chrono::milliseconds left;
  };
  using Verdict = std::variant<Go, Wait, HeldBack>;

  RateLimiter(Politeness politeness, std::uint32_t seed) : politeness_(politeness), random_(seed) {}

  /// Asked before a request is sent; Go counts it as sent.
  Verdict Admit(Method method, SteadyTime now);
  void Note(const HttpResponse& response, SteadyTime now);
  /// The probe was given up by its caller: the next request is one.
  void AbandonProbe();
  /// How long the origin is left alone after what was noted; nothing while it is not.
  std::optional<std::chrono::milliseconds> Left(SteadyTime now) const;
  /// True, once, if somebody was told to wait for the outcome of a probe and there is one now.
  bool TakeOutcomeAwaited();

 private:
  enum class State { kOpen, kPaused, kProbing };

  // With mutex_ held.
  std::optional<HeldBack> Reserved(Method method, SteadyTime now) const;
  std::optional<Wait> TooFast(SteadyTime now);
  void NoteRateLimit(const HttpResponse& response, SteadyTime now);
  void NoteTrouble(const HttpResponse& response, SteadyTime now);
  void Pause(std::string why, std::chrono::milliseconds pause, std::chrono::milliseconds most, SteadyTime now);

  const Politeness politeness_;
  mutable std::mutex mutex_;  // everything below
  std::minstd_rand random_;

  State state_ = State::kOpen;
  std::string why_;
  SteadyTime paused_until_;
  bool outcome_awaited_ = false;
  int pauses_ = 0;  ///< without a good answer in between

  int troubles_ = 0;  ///< in a row
  SteadyTime troubled_since_;

  std::optional<RateLimit> rate_;
  SteadyTime rate_ends_;

  double tokens_ = 0;
  std::optional<SteadyTime> filled_;
};

}  // namespace tagdrift::registry
