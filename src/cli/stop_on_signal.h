#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

namespace tagdrift::cli {

/// SIGINT and SIGTERM as a stop request, for the whole life of the process. To be made first in main: the signals are
/// blocked in the making thread and in all that it starts, and stay blocked, so that one that comes when the outcome
/// has been printed cannot change the exit code any more.
///
/// After the first signal the command has Allowance to end by itself, then the process ends with 128 + signal; at
/// another signal, a second or more after the first, likewise (some senders send twice at once: to the process and to
/// its group).
class StopOnSignal {
 public:
  StopOnSignal();
  /// From here on signals change nothing.
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// The signal that requested the stop; 0: none did.
  int signal() const { return signal_; }
  /// How long the command may take to end; a second unless said otherwise.
  void Allow(std::chrono::milliseconds time) { allowance_ = time; }

 private:
  void Wait();

  std::stop_source stop_;
  std::atomic<int> signal_ = 0;
  std::atomic<std::chrono::milliseconds> allowance_ = std::chrono::milliseconds(1000);
  int signals_;  ///< a signalfd
  int end_;      ///< an eventfd, readable when the waiter is to end
  std::jthread waiter_;
};

}  // namespace tagdrift::cli
