#include "tagdrift/record/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "absl/cleanup/cleanup.h"

namespace tagdrift::record {
namespace {

absl::Status Failed(const char* doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, std::string(doing) + " " + path);
}

absl::Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(file) == 0 ? absl::OkStatus() : Failed("writing", path);
}

/// So that the name outlasts a power cut.
absl::Status SyncDirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int folder = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Failed("opening", directory);
  const absl::Cleanup close_folder = [folder] { close(folder); };
  // Some file systems have no fsync of a directory.
  return fsync(folder) == 0 || errno == EINVAL ? absl::OkStatus() : Failed("writing", directory);
}

}  // namespace

absl::StatusOr<std::string> ReadWhole(const std::string& path, std::size_t most_bytes) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed("opening", path);
  const absl::Cleanup close_file = [file] { close(file); };
  return ReadWhole(file, path, most_bytes);
}

absl::StatusOr<std::string> ReadWhole(int file, const std::string& name, std::size_t most_bytes) {
  std::string bytes;
  std::array<char, 1 << 16> chunk{};
  while (true) {
    const ssize_t count = read(file, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("reading", name);
    if (count == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    if (bytes.size() > most_bytes) {
      return absl::ResourceExhaustedError("reading " + name + ": it has more than " + std::to_string(most_bytes) +
                                          " bytes");
    }
  }
}

absl::Status ReplaceFile(const std::string& path, const std::string& temporary, std::string_view bytes) {
  if (unlink(temporary.c_str()) != 0 && errno != ENOENT) return Failed("removing", temporary);
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return Failed("creating", temporary);
  absl::Status written = WriteAll(file, bytes, temporary);
  close(file);
  if (written.ok() && rename(temporary.c_str(), path.c_str()) != 0) written = Failed("replacing", path);
  if (!written.ok()) {
    unlink(temporary.c_str());
    return written;
  }
  return SyncDirectoryOf(path);
}

}  // namespace tagdrift::record
