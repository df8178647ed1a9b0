#include "stop_on_signal.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>

namespace tagdrift::cli {
namespace {

constexpr std::chrono::seconds kPatience(1);

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::jthread([stop = stop_](const std::stop_token& end) mutable {
    const sigset_t awaited = EndingSignals();
    const timespec look_up{0, 100'000'000};
    std::chrono::steady_clock::time_point first;
    while (!end.stop_requested()) {
      const int signal = sigtimedwait(&awaited, nullptr, &look_up);
      if (signal <= 0) continue;
      const auto now = std::chrono::steady_clock::now();
      if (stop.request_stop()) {
        first = now;
      } else if (now - first >= kPatience) {
        _exit(128 + signal);
      }
    }
  });
}

StopOnSignal::~StopOnSignal() {
  waiter_.request_stop();
  waiter_.join();
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace tagdrift::cli
