#include "stop_on_signal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace tagdrift::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kSameSignal(1);

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

int MillisecondsUntil(Clock::time_point time) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  end_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  waiter_ = std::jthread([this] { Wait(); });
}

StopOnSignal::~StopOnSignal() {
  eventfd_write(end_, 1);
  waiter_.join();
  close(signals_);
  close(end_);
}

void StopOnSignal::Wait() {
  std::array<pollfd, 2> awaited{{{end_, POLLIN, 0}, {signals_, POLLIN, 0}}};
  Clock::time_point first;
  for (;;) {
    const int timeout = signal_ == 0 ? -1 : MillisecondsUntil(first + allowance_.load());
    const int ready = poll(awaited.data(), awaited.size(), timeout);
    if (awaited[0].revents != 0) return;
    if (ready == 0) _exit(128 + signal_);
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof(info)) != sizeof(info)) continue;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal_ == 0) {
      first = Clock::now();
      signal_ = signal;
      stop_.request_stop();
    } else if (Clock::now() - first >= kSameSignal) {
      _exit(128 + signal);
    }
  }
}

}  // namespace tagdrift::cli
