#pragma once

#include <sys/types.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "credentials/process/descriptor.h"
#include "tagdrift/credentials/process.h"

namespace tagdrift::credentials {

/// What the program has for its three standard descriptors.
struct StandardDescriptors {
  int in;
  int out;
  int err;
};

/// A program that was started in a process group of its own. Ends with its group, and leaves no zombie, when it goes.
class Child {
 public:
  /// Starts the program with default signals and no descriptors but the three. The kernel kills it when the calling
  /// thread ends, so also when this process is killed; what it has started itself is not reached by that.
  /// Errors: no process could be made.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const Command& command, StandardDescriptors descriptors);

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { End(); }

  /// Readable when the program is under way, or could not be started (StartError).
  int started() const { return started_.get(); }
  /// NotFound: why the program could not be started. To be called once, when `started` is readable.
  absl::Status StartError() const;
  /// Readable when the program has ended.
  int ended() const { return ended_.get(); }

  /// Kills what is left of the group. The exit code, 128 + signal where a signal ended it.
  int End();

 private:
  Child(pid_t pid, Descriptor started) : pid_(pid), started_(std::move(started)) {}

  pid_t pid_;
  Descriptor started_;
  Descriptor ended_;
  int exit_code_ = 0;
};

}  // namespace tagdrift::credentials
