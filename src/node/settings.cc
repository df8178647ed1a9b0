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

std::string Text(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

/// The files say what containerd will do after its next start. What it does now is another matter where they are
/// younger than its reading of them.
void FindChangesSinceStart(const hosts::FileTree& tree, const std::string& endpoint,
                           hosts::RegistrySettings& settings) {
  const absl::StatusOr<std::string> socket = SocketPath(endpoint);
  const auto read_by = socket.ok() ? ConfigurationReadBy(*socket) : std::nullopt;
  if (!read_by) return;
  for (const std::string& path : settings.read_from) {
    const absl::StatusOr<absl::Time> changed = tree.ChangedAt(path);
    if (!changed.ok() || *changed <= *read_by) continue;
    const std::string detail = "changed at " + Text(*changed) + ", after containerd had read its configuration (by " +
                               Text(*read_by) +
                               "): containerd uses it from its next start on; --containerd-config names what it "
                               "uses until then";
    settings.notes.push_back({hosts::NoteKind::kRestartPending, path, 0, detail});
    settings.restart_pending = path + " " + detail;
    return;
  }
}

/// `--registry-config-path` takes the place of whatever else says where host directories are.
void TakeStatedPath(const hosts::FileTree& tree, const SettingsOverrides& overrides,
                    hosts::RegistrySettings& settings) {
  if (!overrides.registry_config_path) return;
  settings.config_path = *overrides.registry_config_path;
  settings.mirrors.clear();
  settings.source = "--registry-config-path";
  settings.unknown.reset();
  settings.restart_pending.reset();
  for (hosts::Note& note : hosts::MissingRoots(tree, settings, settings.source)) {
    settings.notes.push_back(std::move(note));
  }
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
  if (const auto running = number->major < 2 ? ReadReportedSettings(status) : std::nullopt) {
    TakeReported(*running, file.path, settings);
  } else if (!overrides.containerd_config) {
    FindChangesSinceStart(tree, endpoint, settings);
  }
  TakeStatedPath(tree, overrides, settings);
  return settings;
}

hosts::RegistrySettings StatedSettings(const hosts::FileTree& tree, const SettingsOverrides& overrides) {
  hosts::RegistrySettings settings;
  settings.version = *overrides.version;
  if (overrides.containerd_config) {
    settings =
        LoadFile(tree, {*overrides.containerd_config, "--containerd-config"}, *overrides.version, overrides.pull_path);
  } else if (*overrides.version >= hosts::ContainerdVersion{2, 1, 0}) {
    settings.pull_path = overrides.pull_path.value_or(hosts::PullPath::kTransfer);
  }
  TakeStatedPath(tree, overrides, settings);
  return settings;
}

}  // namespace tagdrift::node
