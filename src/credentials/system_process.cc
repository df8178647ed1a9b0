#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "tagdrift/credentials/process.h"

namespace tagdrift::credentials {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxErrors = 4096;
constexpr int kReapTries = 100;
constexpr int kReapPauseMs = 10;

absl::Status Failed(const char* call, int error) {
  return absl::InternalError(std::string(call) + ": " + std::strerror(error));
}

/// An open descriptor, closed on exec.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Failed("pipe", errno);
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

/// A file in memory: the program may read it when it likes, or not at all, and nobody waits for it.
absl::StatusOr<Descriptor> MakeInput(const std::string& text) {
  Descriptor file(memfd_create("tagdrift-input", MFD_CLOEXEC));
  if (file.get() < 0) return Failed("memfd_create", errno);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Failed("writing the program's input", errno);
    done += static_cast<std::size_t>(count);
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts the program: its own group, default signals, descriptors 0 to 2 and no other.
absl::StatusOr<pid_t> Spawn(const Command& command, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const absl::Cleanup drop_actions = [&actions] { posix_spawn_file_actions_destroy(&actions); };
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const absl::Cleanup drop_attributes = [&attributes] { posix_spawnattr_destroy(&attributes); };
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command.arguments.at(0).c_str(), &actions, &attributes,
                                Pointers(command.arguments).data(), Pointers(command.environment).data());
  if (error != 0) return absl::NotFoundError(std::string("cannot be started: ") + std::strerror(error));
  return pid;
}

/// A program that has been started. Ends it with its group, and leaves no zombie, when it goes.
class Running {
 public:
  explicit Running(pid_t pid) : pid_(pid), ended_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { End(); }

  /// Readable when the program has ended.
  int ended() const { return ended_.get(); }

  /// The exit code. The program's number, and so its group's, is not given to others before it has been waited for.
  int End() {
    if (pid_ < 0) return exit_code_;
    kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    // As the first process of a container we inherit its children.
    // All of the group are killed, so they end soon; not waited for without end, as a disk may hold one up.
    for (int i = 0; i < kReapTries; ++i) {
      const pid_t got = waitpid(-pid_, nullptr, WNOHANG);
      if (got < 0 && errno != EINTR) break;
      if (got == 0) poll(nullptr, 0, kReapPauseMs);
    }
    pid_ = -1;
    return exit_code_;
  }

 private:
  pid_t pid_;
  Descriptor ended_;
  int exit_code_ = 0;
};

enum class Drained { kMore, kEnd, kTooMuch };

/// Takes what is there: up to `limit` bytes, then says so, or drops the rest.
Drained Drain(int fd, std::size_t limit, bool drop_rest, std::string& text) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? Drained::kMore : Drained::kEnd;
    if (count == 0) return Drained::kEnd;
    const std::size_t room = limit - text.size();
    if (static_cast<std::size_t>(count) > room && !drop_rest) return Drained::kTooMuch;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
    // One that never stops writing must not keep us from the clock.
    if (drop_rest && text.size() == limit) return Drained::kMore;
  }
}

/// Reads both outputs until the program ends. Errors: its limits, or `stopped` became readable.
absl::Status Attend(const Command& command, const Running& running, int stopped, int out, int err, Ending& ending) {
  const Clock::time_point deadline = Clock::now() + absl::ToChronoMilliseconds(command.limit);
  std::array<pollfd, 4> fds{{{running.ended(), POLLIN, 0}, {stopped, POLLIN, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}}};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return absl::DeadlineExceededError("did not end within " + absl::FormatDuration(command.limit));
    }
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Failed("poll", errno);
    if (ready <= 0) continue;
    if (fds[1].revents != 0) return absl::CancelledError("was stopped");
    const bool ended = fds[0].revents != 0;
    if (const Drained out_state = Drain(out, command.output_limit, false, ending.output);
        out_state == Drained::kTooMuch) {
      return absl::ResourceExhaustedError("wrote more than " + std::to_string(command.output_limit) + " bytes");
    } else if (out_state == Drained::kEnd) {
      fds[2].fd = -1;
    }
    if (Drain(err, kMaxErrors, true, ending.errors) == Drained::kEnd) fds[3].fd = -1;
    if (ended) return absl::OkStatus();
  }
}

class System : public Process {
 public:
  absl::StatusOr<Ending> Run(const Command& command, std::stop_token stop) override {
    if (stop.stop_requested()) return absl::CancelledError("was stopped");
    const Descriptor stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (stopped.get() < 0) return Failed("eventfd", errno);
    absl::StatusOr<Descriptor> in = MakeInput(command.input);
    if (!in.ok()) return in.status();
    absl::StatusOr<Pipe> out = MakePipe();
    if (!out.ok()) return out.status();
    absl::StatusOr<Pipe> err = MakePipe();
    if (!err.ok()) return err.status();
    const absl::StatusOr<pid_t> pid = Spawn(command, in->get(), out->write.get(), err->write.get());
    if (!pid.ok()) return pid.status();
    Running running(*pid);
    if (running.ended() < 0) return Failed("pidfd_open", errno);
    out->write.Close();
    err->write.Close();
    const std::stop_callback on_stop(stop, [&stopped] { eventfd_write(stopped.get(), 1); });
    Ending ending;
    absl::Status status = Attend(command, running, stopped.get(), out->read.get(), err->read.get(), ending);
    if (!status.ok()) return status;
    ending.exit_code = running.End();
    return ending;
  }
};

}  // namespace

std::unique_ptr<Process> SystemProcess() { return std::make_unique<System>(); }

}  // namespace tagdrift::credentials
