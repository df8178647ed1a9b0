#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tagdrift::lab {

/// What a finished program left behind.
struct Output {
  int exit_code = -1;  ///< 128 + signal where a signal ended it
  std::string out;
  std::string err;
};

struct RunOptions {
  std::map<std::string, std::string> environment = {};  ///< on top of the caller's
  std::chrono::seconds deadline{180};                   ///< then it is killed and the lab gives up
  bool closed_stdout = false;                           ///< as with `>&-`
  std::string input = {};                               ///< its standard input
};

/// Runs a program to its end.
Output RunCommand(const std::vector<std::string>& command, const RunOptions& options = {});

/// As RunCommand, but gives up when the exit code is not 0; answers the standard output.
std::string RunOrGiveUp(const std::vector<std::string>& command, const RunOptions& options = {});

/// A server of the lab: started in the constructor, stopped in the destructor, killed when the lab's thread dies.
class Daemon {
 public:
  /// Both streams go to `log`, which is appended to.
  Daemon(std::string name, const std::vector<std::string>& command,
         const std::map<std::string, std::string>& environment, std::string log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Asks it to end (SIGTERM), kills it when it does not within 10 s, and waits for its end.
  void Stop();
  /// SIGKILL and wait.
  void Kill();

  /// Waits until `ready` says yes; gives up with the end of the log when the process ends first or takes too long.
  void AwaitReady(const std::function<bool()>& ready);

  pid_t pid() const { return pid_; }
  const std::string& log() const { return log_; }

 private:
  bool Ended();
  [[noreturn]] void GiveUpWithLog(const std::string& why) const;

  std::string name_;
  std::string log_;
  pid_t pid_ = -1;
};

/// The whole file; empty where there is none.
std::string ReadFile(const std::string& path);
/// Creates the folders on the way. Gives up when it cannot write.
void WriteFile(const std::string& path, const std::string& content);
/// A TCP port of 127.0.0.1 on which nobody listens.
int FreePort();

}  // namespace tagdrift::lab
