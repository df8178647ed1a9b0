#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hosts/directory/hosts_file.h"
#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::hosts {

/// A lookup or read that did not bring what containerd needs.
struct Refusal {
  std::string error;  ///< as containerd words it
  std::string file;
  bool unknown = false;  ///< tagdrift's own failing: containerd, with other rights and no limits, may succeed
  bool limit = false;    ///< it is a limit
};

/// Words a failed read or lookup of `path` as Go does ("open /a/b: permission denied").
Refusal RefusedBy(const absl::Status& status, const std::string& path, std::string_view operation);

/// The names under which containerd looks for the registry's directory, in order.
std::vector<std::string> DirectoryNames(std::string_view registry);

/// The directory under `root` for the registry; empty where there is none.
std::variant<std::string, Refusal> FindDirectory(const FileTree& tree, const std::string& root,
                                                 std::string_view registry);

/// The one entry that a directory without a usable hosts.toml stands for: certificates by the names *.crt, *.cert and
/// *.key.
std::variant<HostEntry, Refusal> CertificateEntry(const FileTree& tree, const std::string& directory);

}  // namespace tagdrift::hosts
