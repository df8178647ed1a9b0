#pragma once

#include <string>
#include <vector>

#include "hosts_file.h"
#include "release.h"
#include "tagdrift/hosts/note.h"
#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {

/// The directories that containerd searches, in order: `config_path` split, or whole under the transfer service.
std::vector<std::string> Roots(const RegistrySettings& settings);

/// What a person should see about a hosts.toml that containerd uses.
void AddFileNotes(const TomlDocument& document, const std::vector<HostEntry>& entries, const std::string& path,
                  const std::string& registry, Release release, std::vector<Note>& notes);

}  // namespace tagdrift::hosts
