#include "tagdrift/node/settings.h"

#include <array>
#include <string_view>
#include <utility>

#include "daemon.h"
#include "endpoint.h"
#include "reported_settings.h"
#include "tagdrift/hosts/containerd_config.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::node {
namespace {

constexpr const char* kDefaultConfig = "/etc/containerd/config.toml";

/// Where distributions keep the configuration of the containerd behind their own socket.
struct KnownPlace {
  std::string_view socket;
  std::string_view config;
};
constexpr std::array kKnownPlaces = {
    KnownPlace{"/run/k3s/containerd/containerd.sock", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"},
    KnownPlace{"/run/k3s/containerd/containerd.sock", "/var/lib/rancher/rke2/agent/etc/containerd/config.toml"},
    KnownPlace{"/var/snap/microk8s/common/run/containerd.sock", "/var/snap/microk8s/current/args/containerd.toml"},
    KnownPlace{"/run/k0s/containerd.sock", "/etc/k0s/containerd.toml"},
};

hosts::RegistrySettings Unknown(hosts::RegistrySettings settings, const std::string& file, const std::string& reason) {
  settings.unknown = reason;
  settings.notes.push_back({hosts::NoteKind::kUnreadable, file, 0, reason});
  return settings;
}

/// A configuration file and whether somebody named it, so that it must exist.
struct ConfigFile {
  std::string path;
  std::string named_by;  ///< empty for the places that are only tried
};

bool IsFile(const hosts::FileTree& tree, std::string_view path) {
  const auto kind = tree.Stat(path);
  return kind.ok() && *kind == hosts::FileTree::Kind::kFile;
}

ConfigFile FindConfigFile(const hosts::FileTree& tree, const std::string& endpoint,
                          const SettingsOverrides& overrides) {
  if (overrides.containerd_config) return {*overrides.containerd_config, "--containerd-config"};
  const absl::StatusOr<std::string> socket = SocketPath(endpoint);
  if (!socket.ok()) return {kDefaultConfig, ""};
  if (std::optional<std::string> file = ConfigOfListener(*socket)) {
    return {*std::move(file), "the command line of the running containerd"};
  }
  for (const KnownPlace& place : kKnownPlaces) {
    if (socket->ends_with(place.socket) && IsFile(tree, place.config)) return {std::string(place.config), ""};
  }
  return {kDefaultConfig, ""};
}

hosts::RegistrySettings LoadFile(const hosts::FileTree& tree, const ConfigFile& file, hosts::ContainerdVersion version,
                                 std::optional<hosts::PullPath> pull_path) {
  if (!file.named_by.empty() && absl::IsNotFound(tree.Stat(file.path).status())) {
    hosts::RegistrySettings settings;
    settings.version = version;
    settings.pull_path = pull_path.value_or(hosts::PullPath::kLocal);
    return Unknown(std::move(settings), file.path,
                   "no such file below " + tree.root() + ", but " + file.named_by +
                       " names it; --host-root says where the node's root is");
  }
  return hosts::LoadRegistrySettings(tree, file.path, version, pull_path);
}

/// What differs between the file and the running daemon, without values that could be secret.
std::string Difference(const hosts::RegistrySettings& file, const ReportedSettings& running) {
  if (file.config_path != running.config_path) {
    return "config_path is \"" + file.config_path + "\" in the file and \"" + running.config_path +
           "\" in the running containerd";
  }
  if (file.mirrors != running.mirrors) return "registry.mirrors differs between the file and the running containerd";
  if (file.headers != running.headers) return "registry.headers differs between the file and the running containerd";
  return "";
}

void TakeReported(const ReportedSettings& running, const std::string& file, hosts::RegistrySettings& settings) {
  if (!settings.unknown) {
    if (const std::string difference = Difference(settings, running); !difference.empty()) {
      settings.notes.push_back(
          {hosts::NoteKind::kRestartPending, file, 0, difference + "; it takes effect when containerd is restarted"});
      settings.source = "the running containerd";
    }
  } else {
    settings.source = "the running containerd";
  }
  settings.unknown.reset();
  settings.config_path = running.config_path;
  settings.mirrors = running.mirrors;
  settings.headers = running.headers;
}

absl::StatusOr<hosts::ContainerdVersion> VersionOf(const CriVersion& version, const SettingsOverrides& overrides) {
  if (overrides.version) return *overrides.version;
  if (version.runtime_name != "containerd") {
    return absl::FailedPreconditionError("the runtime is " + version.runtime_name + " " + version.runtime_version +
                                         ", whose registry configuration tagdrift does not read");
  }
  return hosts::ContainerdVersion::Parse(version.runtime_version);
}

}  // namespace

hosts::RegistrySettings LearnSettings(const hosts::FileTree& tree, const CriVersion& version, const CriStatus& status,
                                      const std::string& endpoint, const SettingsOverrides& overrides) {
  const absl::StatusOr<hosts::ContainerdVersion> number = VersionOf(version, overrides);
  if (!number.ok()) return Unknown({}, "", std::string(number.status().message()));
  const ConfigFile file = FindConfigFile(tree, endpoint, overrides);
  hosts::RegistrySettings settings = LoadFile(tree, file, *number, overrides.pull_path);
  if (number->major < 2) {
    if (const auto running = ReadReportedSettings(status)) TakeReported(*running, file.path, settings);
  }
  if (overrides.registry_config_path) {
    settings.config_path = *overrides.registry_config_path;
    settings.mirrors.clear();
    settings.source = "--registry-config-path";
    settings.unknown.reset();
  }
  return settings;
}

}  // namespace tagdrift::node
