#include "process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "failure.h"

namespace tagdrift::lab {
namespace {

std::string Joined(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Between fork and exec: only what is safe there, so everything is prepared before.
class Exec {
 public:
  Exec(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment) {
    for (const std::string& word : command) argv_.push_back(const_cast<char*>(word.c_str()));
    argv_.push_back(nullptr);
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (!environment.contains(text.substr(0, text.find('=')))) variables_.push_back(text);
    }
    for (const auto& [name, value] : environment) variables_.push_back(name + "=" + value);
    for (std::string& variable : variables_) envp_.push_back(variable.data());
    envp_.push_back(nullptr);
  }

  [[noreturn]] void Become() const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvpe(argv_[0], argv_.data(), envp_.data());
    _exit(127);
  }

 private:
  std::vector<char*> argv_;
  std::vector<std::string> variables_;
  std::vector<char*> envp_;
};

int ExitCode(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

struct Pipe {
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) GiveUp(std::string("pipe: ") + std::strerror(errno));
  }
  int read_end() const { return ends[0]; }
  int write_end() const { return ends[1]; }
  std::array<int, 2> ends{-1, -1};
};

// Reads both pipes to their ends. False when the deadline passed first.
bool Drain(int out_fd, int err_fd, std::chrono::seconds deadline, Output& output) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::array<pollfd, 2> fds{{{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}}};
  const std::array<std::string*, 2> texts{&output.out, &output.err};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t count = read(fds[i].fd, buffer.data(), buffer.size());
      if (count <= 0) {
        fds[i].fd = -1;
      } else {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(count));
      }
    }
  }
  return true;
}

}  // namespace

Output RunCommand(const std::vector<std::string>& command, const RunOptions& options) {
  const Exec exec(command, options.environment);
  const Pipe in;
  const Pipe out;
  const Pipe err;
  const pid_t child = fork();
  if (child < 0) GiveUp("starting " + Joined(command) + ": " + std::strerror(errno));
  if (child == 0) {
    dup2(in.read_end(), STDIN_FILENO);
    dup2(out.write_end(), STDOUT_FILENO);
    dup2(err.write_end(), STDERR_FILENO);
    if (options.closed_stdout) close(STDOUT_FILENO);
    exec.Become();
  }
  close(in.read_end());
  close(out.write_end());
  close(err.write_end());
  // What is given here fits into a pipe.
  if (!options.input.empty() && write(in.write_end(), options.input.data(), options.input.size()) < 0) {
    GiveUp("writing to " + command[0] + ": " + std::strerror(errno));
  }
  close(in.write_end());

  Output output;
  const bool finished = Drain(out.read_end(), err.read_end(), options.deadline, output);
  if (!finished) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  close(out.read_end());
  close(err.read_end());
  if (!finished) GiveUp("running " + Joined(command) + ": not done in time; it said: " + output.out + output.err);
  output.exit_code = ExitCode(status);
  return output;
}

std::string RunOrGiveUp(const std::vector<std::string>& command, const RunOptions& options) {
  const Output output = RunCommand(command, options);
  if (output.exit_code != 0) {
    GiveUp("running " + Joined(command) + ": exit code " + std::to_string(output.exit_code) + ": " + output.err +
           output.out);
  }
  return output.out;
}

Daemon::Daemon(std::string name, const std::vector<std::string>& command,
               const std::map<std::string, std::string>& environment, std::string log)
    : name_(std::move(name)), log_(std::move(log)) {
  std::filesystem::create_directories(std::filesystem::path(log_).parent_path());
  const int log_fd = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) GiveUp("writing " + log_ + ": " + std::strerror(errno));
  const Exec exec(command, environment);
  pid_ = fork();
  if (pid_ < 0) GiveUp("starting " + name_ + ": " + std::strerror(errno));
  if (pid_ == 0) {
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    exec.Become();
  }
  close(log_fd);
}

Daemon::~Daemon() { Stop(); }

void Daemon::Stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  if (!Poll([this] { return Ended(); })) Kill();
}

void Daemon::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Daemon::Ended() {
  if (pid_ < 0) return true;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return false;
  pid_ = -1;
  return true;
}

void Daemon::AwaitReady(const std::function<bool()>& ready) {
  bool ended = false;
  const bool answered = Poll([&] { return (ended = Ended()) || ready(); });
  if (ended) GiveUpWithLog("ended before it was ready");
  if (!answered) GiveUpWithLog("was not ready in time");
}

void Daemon::GiveUpWithLog(const std::string& why) const {
  const std::string text = ReadFile(log_);
  GiveUp(name_ + " " + why + ":\n" + text.substr(text.size() > 3000 ? text.size() - 3000 : 0));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!(file << content).flush()) GiveUp("writing " + path + ": " + std::strerror(errno));
}

int FreePort() {
  // Below those that the kernel gives to outgoing connections: one of them could have the port before it is used. Where
  // each process begins keeps two apart that share the network.
  constexpr int kFirst = 10000;
  constexpr int kPorts = 20000;
  static std::atomic<int> next = getpid() * 97;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int tries = 0; tries < kPorts; ++tries) {
    const int port = kFirst + next++ % kPorts;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (is_free) return port;
  }
  GiveUp(std::string("finding a free port: ") + std::strerror(errno));
}

}  // namespace tagdrift::lab
