#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace tagdrift::credentials {

/// The text of a file of at most 1 MiB, links followed. Errors say what is wrong without the file's name.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

/// Differs when a file has changed. All zero: there is no file.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;  ///< nanoseconds
  std::int64_t changed = 0;   ///< nanoseconds, of the inode

  friend auto operator<=>(const FileStamp&, const FileStamp&) = default;
};

/// The stamp of the file that `path` names, links followed.
FileStamp StampOf(const std::string& path);

}  // namespace tagdrift::credentials
