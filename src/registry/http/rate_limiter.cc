#include "registry/http/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "registry/http/circuit_breaker.h"
#include "registry/http/retry_after.h"

namespace tagdrift::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kTroubles = 20;
constexpr seconds kTroubledFor{30};
constexpr seconds kRateLimitPause{60};
constexpr minutes kLongestRateLimitPause{60};
constexpr seconds kTroublePause{30};
constexpr minutes kLongestTroublePause{15};
// A HEAD may not count at all: it is held back only when a third of the share that is kept for pulls is left.
constexpr double kHeadShare = 1.0 / 3;
// What was last said of a limit is not taken for true longer than this, unless the server says when it starts anew.
constexpr minutes kRateKnownFor{15};

bool IsTrouble(const HttpResponse& response) {
  if (response.failure == hosts::Failure::kNone) {
    return response.status >= 500 || response.status == 408 || response.status == 499;
  }
  return response.failure == hosts::Failure::kClosed || CircuitBreaker::IsUnreachable(response);
}

}  // namespace

RateLimiter::Verdict RateLimiter::Admit(Method method, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kProbing) {
    outcome_awaited_ = true;
    return Wait{};
  }
  if (state_ == State::kPaused && now < paused_until_) {
    return HeldBack{why_, std::chrono::ceil<milliseconds>(paused_until_ - now)};
  }
  if (auto reserved = Reserved(method, now)) return *std::move(reserved);
  if (const auto wait = TooFast(now)) return *wait;
  const bool probe = state_ == State::kPaused;
  if (probe) state_ = State::kProbing;
  return Go{probe};
}

std::optional<RateLimiter::HeldBack> RateLimiter::Reserved(Method method, SteadyTime now) const {
  if (!rate_ || !rate_->remaining || now >= rate_ends_ || method == Method::kPost) return std::nullopt;
  const bool head = method == Method::kHead;
  if (head && rate_->counts_gets_only) return std::nullopt;
  const double share = politeness_.reserve * (head ? kHeadShare : 1);
  const auto kept = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(rate_->limit.value_or(0))));
  if (*rate_->remaining > 0 && *rate_->remaining >= kept) return std::nullopt;
  std::string why = std::to_string(*rate_->remaining);
  if (rate_->limit) why += " of " + std::to_string(*rate_->limit);
  why += " requests are left by the registry's limit; tagdrift leaves them to pulls";
  return HeldBack{std::move(why), std::chrono::ceil<milliseconds>(rate_ends_ - now)};
}

std::optional<RateLimiter::Wait> RateLimiter::TooFast(SteadyTime now) {
  if (politeness_.requests_per_second <= 0) return std::nullopt;
  const double most = std::max(1, politeness_.burst);
  const double seconds_passed = filled_ ? std::chrono::duration<double>(now - *filled_).count() : most;
  tokens_ = filled_ ? std::min(most, tokens_ + seconds_passed * politeness_.requests_per_second) : most;
  filled_ = now;
  if (tokens_ < 1) {
    const std::chrono::duration<double> missing((1 - tokens_) / politeness_.requests_per_second);
    return Wait{now + std::chrono::ceil<milliseconds>(missing)};
  }
  tokens_ -= 1;
  return std::nullopt;
}

void RateLimiter::NoteRateLimit(const HttpResponse& response, SteadyTime now) {
  if (response.failure != hosts::Failure::kNone) return;
  auto rate = ReadRateLimit(response);
  if (!rate) return;
  rate_ = std::move(rate);
  const seconds lasting = rate_->reset ? std::min<seconds>(*rate_->reset, kLongestRateLimitPause)
                                       : std::min<seconds>(rate_->window.value_or(kRateKnownFor), kRateKnownFor);
  rate_ends_ = now + lasting;
}

void RateLimiter::Note(const HttpResponse& response, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  NoteRateLimit(response, now);
  const bool limited = response.failure == hosts::Failure::kNone && response.status == 429;
  const auto retry = RetryAt(response);
  if (limited || (response.status == 503 && retry)) {
    const std::string why = "the registry answered " + std::to_string(response.status);
    if (retry) {
      const auto wait = milliseconds(absl::ToInt64Milliseconds(*retry - response.asked_at - response.latency));
      Pause(why, wait, wait, now);
    } else {
      Pause(why, kRateLimitPause, kLongestRateLimitPause, now);
    }
  } else if (response.failure == hosts::Failure::kTls || response.failure == hosts::Failure::kRefusedRedirect) {
    // Which certificates are trusted, and what may be connected to, differs with the way to the origin: this says
    // nothing about it.
    if (state_ == State::kProbing) state_ = State::kPaused;
  } else if (IsTrouble(response)) {
    NoteTrouble(response, now);
  } else {
    state_ = state_ == State::kProbing ? State::kOpen : state_;
    troubles_ = 0;
    if (state_ == State::kOpen) pauses_ = 0;
  }
}

void RateLimiter::NoteTrouble(const HttpResponse& response, SteadyTime now) {
  if (troubles_++ == 0) troubled_since_ = now;
  const bool enough = troubles_ >= kTroubles && now - troubled_since_ >= kTroubledFor;
  if (!enough && state_ != State::kProbing) return;
  const std::string last =
      response.failure == hosts::Failure::kNone ? "HTTP " + std::to_string(response.status) : response.detail;
  Pause(std::to_string(troubles_) + " failures in a row, the last: " + last, kTroublePause, kLongestTroublePause, now);
}

void RateLimiter::Pause(std::string why, milliseconds pause, milliseconds most, SteadyTime now) {
  // What was under way when it closed does not lengthen the pause.
  if (state_ == State::kPaused && now < paused_until_) return;
  for (int i = 0; i < pauses_ && pause < most; ++i) pause *= 2;
  if (pauses_ < 30) ++pauses_;
  pause = std::min(pause, most);
  std::uniform_real_distribution<double> stretch(1, 1.2);
  pause = std::chrono::ceil<milliseconds>(std::chrono::duration<double, std::milli>(pause) * stretch(random_));
  state_ = State::kPaused;
  why_ = std::move(why);
  paused_until_ = now + pause;
}

void RateLimiter::AbandonProbe() {
  const std::lock_guard lock(mutex_);
  // The pause itself is over.
  if (state_ == State::kProbing) state_ = State::kPaused;
}

std::optional<milliseconds> RateLimiter::Left(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kPaused || now >= paused_until_) return std::nullopt;
  return std::chrono::ceil<milliseconds>(paused_until_ - now);
}

bool RateLimiter::TakeOutcomeAwaited() {
  const std::lock_guard lock(mutex_);
  return state_ != State::kProbing && std::exchange(outcome_awaited_, false);
}

}  // namespace tagdrift::registry
