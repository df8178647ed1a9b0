#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tagdrift::hosts {

/// Read-only view of a directory tree. Every path is resolved inside the root, symbolic links included (openat2 with
/// RESOLVE_IN_ROOT): an absolute link on the node points where it points there, and nothing leads out. Thread safe.
class FileTree {
 public:
  enum class Kind { kFile, kDirectory, kOther };

  /// `root` is "/" on a node, the mount point of the node's root in a pod, a temporary folder in a test.
  /// Errors: NotFound, PermissionDenied, with the path.
  static absl::StatusOr<FileTree> Open(const std::string& root);

  FileTree(FileTree&&) noexcept;
  FileTree& operator=(FileTree&&) noexcept;
  ~FileTree();

  const std::string& root() const { return root_; }

  /// Follows links. Errors: NotFound (also for a dangling link and below a file that is no directory where `stat` says ENOTDIR:
  /// FailedPrecondition), PermissionDenied, Internal; the message is the system's ("permission denied").
  absl::StatusOr<Kind> Stat(std::string_view path) const;

  /// The file's bytes. Errors as Stat; ResourceExhausted when it is larger than `limit` bytes; FailedPrecondition
  /// "is a directory" / "not a directory". Never blocks on a FIFO or device: those are refused.
  absl::StatusOr<std::string> Read(std::string_view path, std::size_t limit) const;

  /// Names in the directory, sorted by byte value. At most 10,000, else ResourceExhausted.
  absl::StatusOr<std::vector<std::string>> List(std::string_view path) const;

 private:
  FileTree(std::string root, int fd) : root_(std::move(root)), fd_(fd) {}

  std::string root_;
  int fd_ = -1;
};

}  // namespace tagdrift::hosts
