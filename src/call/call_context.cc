#include "tagdrift/call/call_context.h"

#include <algorithm>
#include <string>

namespace tagdrift {

CallContext CallContext::Within(SteadyTime now, std::chrono::nanoseconds limit) const {
  CallContext inner = *this;
  // `now + limit` must not overflow.
  if (limit < SteadyTime::max() - now) inner.deadline = std::min(deadline, now + limit);
  return inner;
}

std::chrono::nanoseconds CallContext::Left(SteadyTime now) const {
  if (deadline == SteadyTime::max()) return std::chrono::nanoseconds::max();
  return std::max<std::chrono::nanoseconds>(deadline - now, std::chrono::nanoseconds::zero());
}

absl::Status CallContext::Check(SteadyTime now, std::string_view doing) const {
  if (stop.stop_requested()) return absl::CancelledError(std::string(doing) + ": stopped");
  if (now >= deadline) return absl::DeadlineExceededError(std::string(doing) + ": no time is left");
  return absl::OkStatus();
}

}  // namespace tagdrift
