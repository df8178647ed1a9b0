#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::credentials {

/// A program to run, with what it may use.
struct Command {
  std::vector<std::string> arguments;    ///< the first is the program's path; nothing is searched for
  std::vector<std::string> environment;  ///< NAME=value; all that the program gets
  std::string input;                     ///< its standard input
  absl::Duration limit;                  ///< how long it may take; never longer than its caller has
  std::size_t output_limit = 0;          ///< bytes of standard output
};

/// How a program ended.
struct Ending {
  int exit_code = 0;   ///< 128 + signal where a signal ended it
  std::string output;  ///< standard output. Secret
  std::string errors;  ///< the first 4 KiB of standard error
};

/// Runs programs. Thread safe.
class Process {
 public:
  virtual ~Process() = default;

  /// Waits until the program ends. Errors: DeadlineExceeded at the command's limit, Cancelled when the context ended
  /// (stopped or at its deadline), ResourceExhausted when it wrote too much, anything else where it could not be
  /// started.
  virtual absl::StatusOr<Ending> Run(const Command& command, const CallContext& context) = 0;
};

/// Runs programs on this system, each in a process group of its own with the three standard descriptors and no other.
/// The group is killed before Run returns, whatever its end. Where this process is killed itself, the kernel kills the
/// program with it, but not what the program has started: a container's or a systemd unit's end takes that too.
std::unique_ptr<Process> SystemProcess();

}  // namespace tagdrift::credentials
