#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {

/// The directories that containerd searches, in order: `config_path` split, or whole under the transfer service.
std::vector<std::string> Roots(const RegistrySettings& settings);

/// A file in the directory that somebody took for hosts.toml ("host.toml", "Hosts.toml"). To be called where there is
/// no hosts.toml.
void AddMisnamedFileNote(const FileTree& tree, const std::string& directory, std::vector<Note>& notes);

/// The registries that a host directory may be meant for: the one that containerd uses it for first, then those for
/// which it would have to be called otherwise.
std::vector<std::string> MeantRegistries(const std::string& directory);

/// What a person should see about the host directories: lists that are not split, directories that are hidden or can
/// never match this registry. `directory` is the one that containerd uses, empty where there is none.
void AddDirectoryNotes(const FileTree& tree, const RegistrySettings& settings, std::string_view registry,
                       const std::string& directory, std::vector<Note>& notes);

}  // namespace tagdrift::hosts
