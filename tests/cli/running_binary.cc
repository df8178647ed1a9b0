#include "running_binary.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>

namespace tagdrift::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAll = SIZE_MAX;

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& more) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!more.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : more) variables.push_back(name + "=" + value);
  return variables;
}

std::array<int, 2> Pipe(int bytes) {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  if (bytes > 0) {
    EXPECT_EQ(fcntl(ends[0], F_SETPIPE_SZ, bytes), bytes);
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return ends;
}

}  // namespace

RunningBinary::RunningBinary(const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment, int pipe_bytes) {
  std::vector<std::string> words{TAGDRIFT_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = Environment(environment);
  const std::array<int, 2> out = Pipe(pipe_bytes);
  const std::array<int, 2> err = Pipe(0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  EXPECT_EQ(posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, Pointers(words).data(), Pointers(variables).data()),
            0);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
  process_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  EXPECT_NE(process_, -1);
}

RunningBinary::~RunningBinary() {
  if (!ended_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int descriptor : {process_, out_, err_}) {
    if (descriptor != -1) close(descriptor);
  }
}

bool RunningBinary::Await(int descriptor) {
  return Wait(descriptor, Clock::time_point::max(), true) == Woke::kByDescriptor;
}

bool RunningBinary::AwaitFirstOutput() {
  if (Wait(out_, Clock::time_point::max(), false) != Woke::kByDescriptor) return false;
  Drain(out_, streams_.out, 1);
  return true;
}

void RunningBinary::Signal(int signal) { EXPECT_EQ(kill(pid_, signal), 0); }

std::optional<int> RunningBinary::AwaitEnd(std::chrono::milliseconds limit, bool read_out) {
  if (Wait(-1, Clock::now() + limit, read_out) != Woke::kByEnd) return std::nullopt;
  int status = 0;
  waitpid(pid_, &status, 0);
  ended_ = true;
  Drain(out_, streams_.out, kAll);
  Drain(err_, streams_.err, kAll);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

RunningBinary::Woke RunningBinary::Wait(int descriptor, Clock::time_point until, bool read_out) {
  for (;;) {
    std::array<pollfd, 4> awaited{
        {{descriptor, POLLIN, 0}, {process_, POLLIN, 0}, {err_, POLLIN, 0}, {read_out ? out_ : -1, POLLIN, 0}}};
    int timeout = -1;
    if (until != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }
    const int ready = poll(awaited.data(), awaited.size(), timeout);
    if (ready == 0) return Woke::kByTime;
    if (awaited[0].revents != 0) return Woke::kByDescriptor;
    if (awaited[1].revents != 0) return Woke::kByEnd;
    if (awaited[2].revents != 0) Drain(err_, streams_.err, kAll);
    if (awaited[3].revents != 0) Drain(out_, streams_.out, kAll);
  }
}

/// Not to the end of the stream: it may be open in a process that should not exist any more.
void RunningBinary::Drain(int& pipe, std::string& into, std::size_t most) {
  std::array<char, 4096> bytes;
  while (pipe != -1 && most > 0) {
    const ssize_t got = read(pipe, bytes.data(), std::min(bytes.size(), most));
    if (got == 0) {
      close(pipe);
      pipe = -1;
    }
    if (got <= 0) return;
    into.append(bytes.data(), static_cast<std::size_t>(got));
    most -= static_cast<std::size_t>(got);
  }
}

Ending StopBy(int signal, RunningBinary& binary) {
  constexpr std::chrono::seconds kAllowance(1);
  const Clock::time_point began = Clock::now();
  binary.Signal(signal);
  const std::optional<int> exit_code = binary.AwaitEnd(kSoon);
  const bool by_itself = binary.streams().err.ends_with(": stopped\n");
  const bool may_be_forced = exit_code == 128 + signal && !by_itself && Clock::now() - began >= kAllowance;
  return {.exit_code = exit_code.value_or(-1), .late = !exit_code || may_be_forced};
}

}  // namespace tagdrift::cli
