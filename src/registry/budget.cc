#include "registry/budget.h"

#include <algorithm>
#include <cmath>

#include "registry/gate.h"
#include "registry/retry_after.h"

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
  return response.failure == hosts::Failure::kClosed || Gate::Closes(response);
}

}  // namespace

Budget::Verdict Budget::Admit(Method method, Time now) {
  if (state_ == State::kProbing) return Wait{};
  if (state_ == State::kClosed && now < closed_until_) {
    return Closed{why_, std::chrono::ceil<milliseconds>(closed_until_ - now)};
  }
  if (auto reserved = Reserved(method, now)) return *std::move(reserved);
  if (const auto wait = TooFast(now)) return *wait;
  if (state_ == State::kClosed) state_ = State::kProbing;
  return Go{};
}

std::optional<Budget::Closed> Budget::Reserved(Method method, Time now) const {
  if (!rate_ || !rate_->remaining || now >= rate_ends_ || method == Method::kPost) return std::nullopt;
  const bool head = method == Method::kHead;
  if (head && rate_->counts_gets_only) return std::nullopt;
  const double share = politeness_.reserve * (head ? kHeadShare : 1);
  const auto kept = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(rate_->limit.value_or(0))));
  if (*rate_->remaining > 0 && *rate_->remaining >= kept) return std::nullopt;
  std::string why = std::to_string(*rate_->remaining);
  if (rate_->limit) why += " of " + std::to_string(*rate_->limit);
  why += " requests are left by the registry's limit; tagdrift leaves them to pulls";
  return Closed{std::move(why), std::chrono::ceil<milliseconds>(rate_ends_ - now)};
}

std::optional<Budget::Wait> Budget::TooFast(Time now) {
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

void Budget::Note(const HttpResponse& response, Time now) {
  if (response.failure == hosts::Failure::kNone) {
    if (auto rate = ReadRateLimit(response)) {
      rate_ = std::move(rate);
      const seconds lasting = rate_->reset ? std::min<seconds>(*rate_->reset, kLongestRateLimitPause)
                                           : std::min<seconds>(rate_->window.value_or(kRateKnownFor), kRateKnownFor);
      rate_ends_ = now + lasting;
    }
  }
  const bool limited = response.failure == hosts::Failure::kNone && response.status == 429;
  const auto retry = RetryAt(response);
  if (limited || (response.status == 503 && retry)) {
    const std::string why = "the registry answered " + std::to_string(response.status);
    if (retry) {
      const auto wait = milliseconds(absl::ToInt64Milliseconds(*retry - response.asked_at - response.latency));
      Close(why, wait, wait, now);
    } else {
      Close(why, kRateLimitPause, kLongestRateLimitPause, now);
    }
  } else if (IsTrouble(response)) {
    NoteTrouble(response, now);
  } else {
    state_ = state_ == State::kProbing ? State::kOpen : state_;
    troubles_ = 0;
    if (state_ == State::kOpen) closings_ = 0;
  }
}

void Budget::NoteTrouble(const HttpResponse& response, Time now) {
  if (troubles_++ == 0) troubled_since_ = now;
  const bool enough = troubles_ >= kTroubles && now - troubled_since_ >= kTroubledFor;
  if (!enough && state_ != State::kProbing) return;
  const std::string last =
      response.failure == hosts::Failure::kNone ? "HTTP " + std::to_string(response.status) : response.detail;
  Close(std::to_string(troubles_) + " failures in a row, the last: " + last, kTroublePause, kLongestTroublePause, now);
}

void Budget::Close(std::string why, milliseconds pause, milliseconds most, Time now) {
  // What was under way when it closed does not lengthen the pause.
  if (state_ == State::kClosed && now < closed_until_) return;
  for (int i = 0; i < closings_ && pause < most; ++i) pause *= 2;
  if (closings_ < 30) ++closings_;
  pause = std::min(pause, most);
  std::uniform_real_distribution<double> stretch(1, 1.2);
  pause = std::chrono::ceil<milliseconds>(std::chrono::duration<double, std::milli>(pause) * stretch(random_));
  state_ = State::kClosed;
  why_ = std::move(why);
  closed_until_ = now + pause;
}

std::optional<milliseconds> Budget::Left(Time now) const {
  if (state_ != State::kClosed || now >= closed_until_) return std::nullopt;
  return std::chrono::ceil<milliseconds>(closed_until_ - now);
}

}  // namespace tagdrift::registry
