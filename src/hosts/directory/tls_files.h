#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "hosts/directory/host_directory.h"

namespace tagdrift::hosts {

/// Reads the CA and client files of one registry's hosts, 8 MiB of them in all.
class TlsFiles {
 public:
  explicit TlsFiles(const FileTree& tree) : tree_(tree) {}

  /// Reads and checks the files that the entry names and puts them into its host. Nothing when all is well.
  std::optional<Refusal> Load(HostEntry& entry);

  /// Errors: FileTree's, ResourceExhausted beyond what is left.
  absl::StatusOr<PemFile> Read(const std::string& path);

 private:
  const FileTree& tree_;
  std::size_t bytes_left_ = std::size_t{8} << 20;
};

}  // namespace tagdrift::hosts
