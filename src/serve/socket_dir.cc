#include "serve/socket_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"

namespace tagdrift::serve {

absl::Status SocketDir::Check(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : absl::ErrnoToStatus(errno, "opening " + path);
  }
  if (S_ISDIR(status.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(path + " is no directory: --socket-dir needs one of its own");
}

absl::StatusOr<std::unique_ptr<SocketDir>> SocketDir::Take(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return absl::ErrnoToStatus(errno, "making " + path);
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (directory < 0) return absl::ErrnoToStatus(errno, "opening " + path);
  const absl::Cleanup close_directory = [directory] { close(directory); };
  struct stat status {};
  const bool known = fstat(directory, &status) == 0;
  if (!known || status.st_uid != geteuid() || (status.st_mode & 022) != 0) {
    return absl::FailedPreconditionError(path +
                                         " belongs to another user, or others may write to it: --socket-dir "
                                         "needs a directory of its own");
  }
  const int lock = openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return absl::ErrnoToStatus(errno, "locking " + path);
  absl::Cleanup close_lock = [lock] { close(lock); };
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError("another agent serves in " + path +
                                         "; end it first, or name another directory with --socket-dir");
  }
  // Not before: it may be the other agent's, which has opened it to its readers.
  if (fchmod(directory, 0700) != 0) return absl::ErrnoToStatus(errno, "closing " + path);
  std::move(close_lock).Cancel();
  return std::unique_ptr<SocketDir>(new SocketDir(path, lock));
}

SocketDir::~SocketDir() { close(lock_); }

absl::Status SocketDir::Open() {
  if (chmod(path_.c_str(), 0711) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "opening " + path_);
}

}  // namespace tagdrift::serve
