#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {

/// The directories that containerd searches, in order: `config_path` split, or whole under the transfer service.
std::vector<std::string> Roots(const RegistrySettings& settings);

/// What a person should see about the host directories: lists that are not split, directories that are hidden or can
/// never match this registry. `directory` is the one that containerd uses, empty where there is none.
void AddDirectoryNotes(const FileTree& tree, const RegistrySettings& settings, std::string_view registry,
                       const std::string& directory, std::vector<Note>& notes);

}  // namespace tagdrift::hosts
