#include "stop_on_signal.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

namespace tagdrift::cli {
namespace {

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
    while (!end.stop_requested()) {
      const int signal = sigtimedwait(&awaited, nullptr, &look_up);
      if (signal <= 0) continue;
      if (stop.stop_requested()) _exit(128 + signal);
      stop.request_stop();
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
