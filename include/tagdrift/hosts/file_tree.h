#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tagdrift::hosts {

/// Read-only view of a directory tree. Every path is resolved inside the root, symbolic links included (openat2 with
/// RESOLVE_IN_ROOT): an absolute link on the node points where it points there, and nothing leads out. Thread safe.
///
/// Paths are absolute on the node or relative to the root, which is the same. Errors carry the system's words ("no such
/// file or directory") and nothing else, so that a caller can word them as containerd does:
///   NotFound            nothing there, or a dangling link
///   PermissionDenied
///   FailedPrecondition  "is a directory", "not a directory", too many links, too long a name: containerd fails too
///
///   ResourceExhausted   larger than the limit given, or too many names
///
///   Cancelled, DeadlineExceeded  as MayGoOn says
///
///   Internal            anything else; "not a regular file" for a FIFO, device or socket
class FileTree {
 public:
  enum class Kind { kFile, kDirectory, kOther };

  /// Asked before each look at the files; its error is then that call's. What reads many files thus ends in time.
  using MayGoOn = std::function<absl::Status()>;

  struct Entry {
    std::string name;
    bool directory = false;  ///< a directory itself; a link to one is not

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// `root` is "/" on a node, the mount point of the node's root in a pod, a temporary folder in a test.
  /// Errors name the path; Unimplemented when the kernel has no openat2 (before 5.6).
  static absl::StatusOr<FileTree> Open(const std::string& root, MayGoOn may_go_on = nullptr);

  FileTree(FileTree&& other) noexcept;
  FileTree& operator=(FileTree&& other) noexcept;
  ~FileTree();

  const std::string& root() const { return root_; }

  /// What the path leads to, links followed.
  absl::StatusOr<Kind> Stat(std::string_view path) const;

  /// When the file or directory last changed in any way (st_ctime), or the link that `path` itself may be.
  absl::StatusOr<absl::Time> ChangedAt(std::string_view path) const;

  /// The file's bytes, at most `limit`. Never blocks on a FIFO or device: those are refused.
  absl::StatusOr<std::string> Read(std::string_view path, std::size_t limit) const;

  /// The directory's entries, sorted by the byte values of their names; at most 10,000.
  absl::StatusOr<std::vector<Entry>> List(std::string_view path) const;

 private:
  FileTree(std::string root, MayGoOn may_go_on, int fd)
      : root_(std::move(root)), may_go_on_(std::move(may_go_on)), fd_(fd) {}

  absl::StatusOr<int> OpenPath(std::string_view path, int flags) const;

  std::string root_;
  MayGoOn may_go_on_;
  int fd_ = -1;
};

}  // namespace tagdrift::hosts
