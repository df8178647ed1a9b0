#include "credentials/process/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace tagdrift::credentials {
namespace {

constexpr int kReapTries = 500;
constexpr int kReapPauseMs = 1;
/// Where the new process reports that the program could not be started; behind the three standard descriptors.
constexpr int kReportFd = 3;
constexpr int kSignals = 64;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// All that the new process needs, made before it is.
struct Image {
  char* const* arguments;
  char* const* environment;
  StandardDescriptors descriptors;
  int report;
  pid_t parent;
};

/// The new process is a copy of one thread of a process with many: until it becomes the program it may only make calls
/// that are safe in a signal handler. The direct ones go round the wrappers that a sanitizer puts round the C
/// library's, which are not.
[[noreturn]] __attribute__((no_sanitize("thread", "address"))) void BecomeProgram(const Image& image) {
  const auto fail = [](int error) {
    syscall(SYS_write, kReportFd, &error, sizeof(error));
    _exit(127);
  };
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have been killed before that.
  if (getppid() != image.parent) _exit(127);
  // Copies above the numbers that are to be given, which may be among the originals.
  const int report = fcntl(image.report, F_DUPFD, kReportFd + 1);
  const int in = fcntl(image.descriptors.in, F_DUPFD, kReportFd + 1);
  const int out = fcntl(image.descriptors.out, F_DUPFD, kReportFd + 1);
  const int err = fcntl(image.descriptors.err, F_DUPFD, kReportFd + 1);
  syscall(SYS_dup3, report, kReportFd, O_CLOEXEC);
  if (syscall(SYS_dup3, in, STDIN_FILENO, 0) < 0 || syscall(SYS_dup3, out, STDOUT_FILENO, 0) < 0 ||
      syscall(SYS_dup3, err, STDERR_FILENO, 0) < 0) {
    fail(errno);
  }
  closefrom(kReportFd + 1);
  // An ignored signal would stay ignored. All have been blocked until here, so that no handler runs in this copy. In
  // the kernel's form, all zero is the default.
  const std::array<unsigned long, 4> by_default{};
  for (int number = 1; number <= kSignals; ++number) {
    syscall(SYS_rt_sigaction, number, by_default.data(), nullptr, kSignals / 8);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(image.arguments[0], image.arguments, image.environment);
  fail(errno);
  _exit(127);
}

/// The status of a child that has been killed; a negative number stands for a group. Nothing: there is none. Not waited
/// for without end: a disk that does not answer holds up even what has been killed.
std::optional<int> Reap(pid_t pid) {
  int status = 0;
  for (int i = 0; i < kReapTries; ++i) {
    const pid_t got = waitpid(pid, &status, WNOHANG);
    if (got > 0) return status;
    if (got < 0 && errno != EINTR) break;
    poll(nullptr, 0, kReapPauseMs);
  }
  return std::nullopt;
}

}  // namespace

// posix_spawn cannot ask the kernel to end the program with us; _Fork runs no handlers of libraries, as fork would.
absl::StatusOr<std::unique_ptr<Child>> Child::Start(const Command& command, StandardDescriptors descriptors) {
  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) != 0) return absl::InternalError(std::string("pipe: ") + std::strerror(errno));
  Descriptor read(report[0]);
  const Descriptor write(report[1]);
  const std::vector<char*> arguments = Pointers(command.arguments);
  const std::vector<char*> environment = Pointers(command.environment);
  const Image image{.arguments = arguments.data(),
                    .environment = environment.data(),
                    .descriptors = descriptors,
                    .report = write.get(),
                    .parent = getpid()};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = _Fork();
  const int error = errno;
  if (pid == 0) BecomeProgram(image);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return absl::InternalError(std::string("fork: ") + std::strerror(error));
  // As the new process does: whoever is first, the group is there from here on.
  setpgid(pid, pid);
  std::unique_ptr<Child> child(new Child(pid, std::move(read)));
  child->ended_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (child->ended() < 0) return absl::InternalError(std::string("pidfd_open: ") + std::strerror(errno));
  return child;
}

absl::Status Child::StartError() const {
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(started_.get(), &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return absl::OkStatus();
  return absl::NotFoundError(std::string("cannot be started: ") + std::strerror(error));
}

int Child::End() {
  if (pid_ < 0) return exit_code_;
  // The program's number, and so its group's, is not given to others before it has been waited for.
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  const int status = Reap(pid_).value_or(SIGKILL);
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  // As the first process of a container we inherit the program's children.
  while (Reap(-pid_)) {
  }
  pid_ = -1;
  return exit_code_;
}

}  // namespace tagdrift::credentials
