#pragma once

#include <atomic>
#include <string_view>

#include "serve/http_message.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

/// A loop's promise to be back by a time. The loop promises anew with each turn, before it waits or works; others look
/// whether it keeps its word. Thread safe.
class Heartbeat {
 public:
  explicit Heartbeat(SteadyTime first) : next_(first) {}

  void PromiseNext(SteadyTime by) { next_ = by; }
  SteadyTime next() const { return next_; }

 private:
  std::atomic<SteadyTime> next_;
};

/// /healthz: 200 while the promise is kept at `now`. What registries answer is no matter of health.
HttpAnswer Healthz(const Heartbeat& heartbeat, SteadyTime now);

/// /readyz: 200 once there is a report. `trouble` is why there is none, where that is known.
HttpAnswer Readyz(bool has_report, std::string_view trouble = {});

}  // namespace tagdrift::serve
