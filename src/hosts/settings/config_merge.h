#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "hosts/release.h"
#include "hosts/settings/config_files.h"
#include "tagdrift/hosts/containerd_version.h"

namespace tagdrift::hosts {

constexpr std::string_view kCriPlugin1 = "cri";
constexpr std::string_view kCriPlugin2 = "io.containerd.grpc.v1.cri";
constexpr std::string_view kImagesPlugin = "io.containerd.cri.v1.images";
constexpr std::string_view kRuntimePlugin = "io.containerd.cri.v1.runtime";
constexpr std::string_view kTransferPlugin = "io.containerd.transfer.v1.local";

/// The merged files as the daemon has them after its migrations.
struct MergedConfig {
  TomlValue plugins;        ///< plugin tables by name
  std::string_view plugin;  ///< the table that holds the CRI's registry settings
};

/// Merges the files in order: 1.x replaces a plugin's whole table, 2.x merges tables key by key; then 2.x moves old
/// plugin tables to the new one.
std::variant<MergedConfig, ConfigRefusal> MergeConfig(std::vector<ConfigFile> files, ContainerdVersion version);

}  // namespace tagdrift::hosts
