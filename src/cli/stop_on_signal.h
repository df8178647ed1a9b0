#pragma once

#include <stop_token>
#include <thread>

namespace tagdrift::cli {

/// Turns the first SIGINT or SIGTERM into a stop request; another one, a second or more later, ends the process (some
/// senders send twice at once: to the process and to its group). To be made before any other thread is started: the
/// signals are blocked in the making thread and in all that it starts.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace tagdrift::cli
