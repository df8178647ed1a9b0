#pragma once

#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {

/// The hosts of a registry when `config_path` is empty: registry.mirrors, then the registry itself. Fills `config`.
void LoadLegacyHosts(const FileTree& tree, const RegistrySettings& settings, RegistryConfig& config);

}  // namespace tagdrift::hosts
