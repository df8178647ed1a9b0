#include "measured_run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace tagdrift::bench {
namespace {

std::chrono::microseconds Microseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

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

}  // namespace

MeasuredRun Measure(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment) {
  MeasuredRun run;
  std::vector<std::string> words = command;
  std::vector<std::string> variables = Environment(environment);
  std::array<int, 2> pipe{-1, -1};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) return run;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  pid_t pid = -1;
  const auto start = std::chrono::steady_clock::now();
  const int failed =
      posix_spawnp(&pid, words[0].c_str(), &actions, nullptr, Pointers(words).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  close(pipe[1]);
  if (failed == 0) {
    std::array<char, 4096> bytes;
    for (ssize_t got = 0; (got = read(pipe[0], bytes.data(), bytes.size())) > 0;) {
      run.out.append(bytes.data(), static_cast<std::size_t>(got));
    }
    int status = 0;
    rusage usage{};
    wait4(pid, &status, 0, &usage);
    run.wall = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    run.cpu = Microseconds(usage.ru_utime) + Microseconds(usage.ru_stime);
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  close(pipe[0]);
  return run;
}

}  // namespace tagdrift::bench
