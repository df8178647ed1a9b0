#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tagdrift::serve {

/// The directory of the sockets, closed to others until Open, and locked against a second agent for as long as this
/// lives.
class SocketDir {
 public:
  /// Without making or changing anything. Errors: what is at `path` is no directory; what the system says.
  static absl::Status Check(const std::string& path);
  /// Makes the directory where it is not there. Errors: FailedPrecondition where another agent serves there, or where
  /// others could replace the sockets; what the system says.
  static absl::StatusOr<std::unique_ptr<SocketDir>> Take(const std::string& path);
  ~SocketDir();
  SocketDir(const SocketDir&) = delete;
  SocketDir& operator=(const SocketDir&) = delete;

  /// Lets everybody reach the sockets in it, whose own modes decide from here on.
  absl::Status Open();

 private:
  SocketDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;
};

}  // namespace tagdrift::serve
