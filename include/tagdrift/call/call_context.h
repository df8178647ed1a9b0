#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>

#include "absl/status/status.h"
#include "tagdrift/call/clock.h"

namespace tagdrift {

/// What bounds a call that may block: it returns soon after `deadline` or a stop request, whichever comes first. Handed
/// down by value; an inner call may shorten it (Within) and never extends it.
struct CallContext {
  SteadyTime deadline = SteadyTime::max();
  std::stop_token stop = {};

  /// The same, ending at `limit` from `now` at the latest.
  CallContext Within(SteadyTime now, std::chrono::nanoseconds limit) const;
  /// Time that is left at `now`, never negative; nanoseconds::max() without a deadline.
  std::chrono::nanoseconds Left(SteadyTime now) const;
  bool Ended(SteadyTime now) const { return stop.stop_requested() || now >= deadline; }
  /// OK while the call may go on; Cancelled or DeadlineExceeded ("DOING: stopped", "DOING: no time is left")
  /// afterwards.
  absl::Status Check(SteadyTime now, std::string_view doing) const;
};

}  // namespace tagdrift
