#pragma once

#include <map>
#include <optional>
#include <string>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// What the operator said instead of what the node says.
struct SettingsOverrides {
  std::optional<std::string> containerd_config;     ///< --containerd-config
  std::optional<std::string> registry_config_path;  ///< --registry-config-path
  std::optional<hosts::ContainerdVersion> version;  ///< --containerd-version
  std::optional<hosts::PullPath> pull_path;         ///< --image-pull
};

/// Learns containerd's registry settings: on 1.x from the running daemon (`status`, verbose), else from its
/// configuration file, which is found from the daemon's command line, the default place, or the known places of k3s,
/// RKE2 and microk8s. Where a file was changed after the daemon had read it, and the daemon does not tell its settings,
/// that is RegistrySettings::restart_pending, unless `overrides` names the file that holds. Never fails: what cannot be
/// learned is RegistrySettings::unknown with a note.
hosts::RegistrySettings LearnSettings(const hosts::FileTree& tree, const CriVersion& version, const CriStatus& status,
                                      const std::string& endpoint, const SettingsOverrides& overrides);

/// The settings as files and the operator's word have them, without a look at the runtime. `overrides` must have the
/// version, and a configuration file or the path of the host directories.
hosts::RegistrySettings StatedSettings(const hosts::FileTree& tree, const SettingsOverrides& overrides);

/// The image that every pod's sandbox runs, as configured, where the running daemon says so (containerd 1.x; 2.x pins
/// it instead). Empty otherwise.
std::string SandboxImage(const CriStatus& status);

/// The daemon's proxy variables (HTTP_PROXY, HTTPS_PROXY, NO_PROXY and lower case) from /proc/<pid>/environ; `pid` is
/// the listener of the socket. Nothing: they cannot be read.
std::optional<std::map<std::string, std::string>> ProxyEnvironment(int pid);

/// The same as the node's unit files give them to the service whose socket is `socket_path` (containerd, k3s, RKE2,
/// microk8s): for a process that cannot see the daemon. Nothing: there is no such unit.
std::optional<std::map<std::string, std::string>> ServiceProxies(const hosts::FileTree& tree,
                                                                 const std::string& socket_path);

/// The process that listens on the unix socket `path`, by SO_PEERCRED. Nothing: it cannot be told.
std::optional<int> ListenerPid(const std::string& path);

}  // namespace tagdrift::node
