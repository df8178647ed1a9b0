#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {

/// Reads containerd's configuration file with its imports from `tree` and works out the registry settings of the CRI
/// plugin as containerd `version` does (file versions, plugin tables, migrations, merge rules, defaults, when local
/// pull is forced). `file` is an absolute path on the node; a missing file means containerd's built-in defaults.
/// `pull_path`: the operator's word, else derived. What cannot be read makes `RegistrySettings::unknown`, with a note.
RegistrySettings LoadRegistrySettings(const FileTree& tree, const std::string& file, ContainerdVersion version,
                                      std::optional<PullPath> pull_path);

}  // namespace tagdrift::hosts
