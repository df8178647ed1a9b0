#include "pid_one.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace tagdrift::cli {
namespace {

sigset_t SignalsToHandle() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

/// Ends the process where `child` has ended.
void Reap(pid_t child) {
  int status = 0;
  for (pid_t ended = 0; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (ended == child) _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

[[noreturn]] void ReapFor(pid_t child, const sigset_t& signals) {
  for (;;) {
    siginfo_t info{};
    const int signal = sigwaitinfo(&signals, &info);
    if (signal == SIGCHLD) {
      Reap(child);
    } else if (signal > 0 && info.si_code != SI_KERNEL) {  // a terminal's reach the child as well
      kill(child, signal);
    }
  }
}

}  // namespace

void LeaveReapingToPidOne() {
  if (getpid() != 1) return;
  const sigset_t signals = SignalsToHandle();
  sigset_t before;
  if (sigprocmask(SIG_BLOCK, &signals, &before) != 0) return;
  const pid_t child = fork();
  if (child > 0) ReapFor(child, signals);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace tagdrift::cli
