#include "tagdrift/hosts/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxNames = 10'000;

/// The system's text for `error`, in lower case as Go prints it.
std::string Words(int error) {
  std::string words = std::strerror(error);
  if (!words.empty()) words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

absl::Status FromErrno(int error) {
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(Words(error));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(Words(error));
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return absl::FailedPreconditionError(Words(error));
    default:
      return absl::InternalError(Words(error));
  }
}

/// An open descriptor inside the root. EAGAIN is the kernel's answer to a rename racing with the walk.
absl::StatusOr<int> OpenInRoot(int root, std::string_view path, std::uint64_t flags) {
  if (path.find('\0') != std::string_view::npos) return absl::InternalError("invalid argument");
  const std::string name = path.empty() ? "." : std::string(path);
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = syscall(SYS_openat2, root, name.c_str(), &how, sizeof(how));
    if (fd >= 0) return static_cast<int>(fd);
    const bool again = errno == EINTR || (errno == EAGAIN && attempt < 16);
    if (!again) return FromErrno(errno);
  }
}

FileTree::Kind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileTree::Kind::kFile;
  if (S_ISDIR(mode)) return FileTree::Kind::kDirectory;
  return FileTree::Kind::kOther;
}

absl::StatusOr<std::string> ReadAtMost(int fd, std::size_t limit) {
  std::string bytes;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno(errno);
    if (count == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (bytes.size() > limit) {
      return absl::ResourceExhaustedError("larger than " + std::to_string(limit) + " bytes");
    }
  }
}

bool IsDirectory(int fd, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info {};
  return fstatat(fd, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

absl::StatusOr<FileTree> FileTree::Open(const std::string& root, MayGoOn may_go_on) {
  const int fd = open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    const absl::Status status = FromErrno(errno);
    return absl::Status(status.code(), "opening the node's root " + root + ": " + text::MessageOf(status));
  }
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const long probe = syscall(SYS_openat2, fd, ".", &how, sizeof(how));
  if (probe < 0 && errno == ENOSYS) {
    close(fd);
    return absl::UnimplementedError("opening the node's root " + root +
                                    ": this kernel has no openat2, Linux 5.6 or later is needed");
  }
  if (probe >= 0) close(static_cast<int>(probe));
  return FileTree(root, std::move(may_go_on), fd);
}

FileTree::FileTree(FileTree&& other) noexcept
    : root_(std::move(other.root_)), may_go_on_(std::move(other.may_go_on_)), fd_(std::exchange(other.fd_, -1)) {}

FileTree& FileTree::operator=(FileTree&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) close(fd_);
  root_ = std::move(other.root_);
  may_go_on_ = std::move(other.may_go_on_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

FileTree::~FileTree() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<int> FileTree::OpenPath(std::string_view path, int flags) const {
  if (may_go_on_) {
    if (absl::Status status = may_go_on_(); !status.ok()) return status;
  }
  return OpenInRoot(fd_, path, static_cast<std::uint64_t>(flags));
}

absl::StatusOr<FileTree::Kind> FileTree::Stat(std::string_view path) const {
  const absl::StatusOr<int> fd = OpenPath(path, O_PATH);
  if (!fd.ok()) return fd.status();
  const absl::Cleanup closing = [&] { close(*fd); };
  struct stat info {};
  if (fstat(*fd, &info) != 0) return FromErrno(errno);
  return KindOf(info.st_mode);
}

absl::StatusOr<absl::Time> FileTree::ChangedAt(std::string_view path) const {
  absl::Time latest = absl::InfinitePast();
  for (const int follow : {0, O_NOFOLLOW}) {
    const absl::StatusOr<int> fd = OpenPath(path, O_PATH | follow);
    if (!fd.ok()) return fd.status();
    const absl::Cleanup closing = [&] { close(*fd); };
    struct stat info {};
    if (fstat(*fd, &info) != 0) return FromErrno(errno);
    latest = std::max(latest, absl::TimeFromTimespec(info.st_ctim));
  }
  return latest;
}

absl::StatusOr<std::string> FileTree::Read(std::string_view path, std::size_t limit) const {
  const absl::StatusOr<Kind> kind = Stat(path);
  if (!kind.ok()) return kind.status();
  if (*kind == Kind::kOther) return absl::InternalError("not a regular file");

  const absl::StatusOr<int> fd = OpenPath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok()) return fd.status();
  const absl::Cleanup closing = [&] { close(*fd); };
  struct stat info {};
  if (fstat(*fd, &info) != 0) return FromErrno(errno);
  if (S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(Words(EISDIR));
  if (!S_ISREG(info.st_mode)) return absl::InternalError("not a regular file");
  return ReadAtMost(*fd, limit);
}

absl::StatusOr<std::vector<FileTree::Entry>> FileTree::List(std::string_view path) const {
  const absl::StatusOr<int> fd = OpenPath(path, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return fd.status();
  DIR* directory = fdopendir(*fd);
  if (directory == nullptr) {
    const int error = errno;
    close(*fd);
    return FromErrno(error);
  }
  const absl::Cleanup closing = [&] { closedir(directory); };

  std::vector<Entry> entries;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (entries.size() == kMaxNames) {
      return absl::ResourceExhaustedError("more than " + std::to_string(kMaxNames) + " names in the directory");
    }
    entries.push_back({std::string(name), IsDirectory(*fd, *entry)});
    errno = 0;
  }
  if (errno != 0) return FromErrno(errno);
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

}  // namespace tagdrift::hosts
