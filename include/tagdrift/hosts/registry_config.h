#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tagdrift/hosts/containerd_version.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/note.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::hosts {

/// registry.configs."HOST".tls of 1.x.
struct EndpointTls {
  bool insecure_skip_verify = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;

  friend bool operator==(const EndpointTls&, const EndpointTls&) = default;
};

/// registry.configs."HOST".auth and registry.auths. All secret.
struct EndpointAuth {
  std::string username;
  std::string password;
  std::string auth;  ///< base64 of user:password
  std::string identity_token;

  friend bool operator==(const EndpointAuth&, const EndpointAuth&) = default;
};

/// Registry settings of containerd's CRI plugin: what config.toml says and how this containerd reads it.
struct RegistrySettings {
  ContainerdVersion version;
  PullPath pull_path = PullPath::kLocal;
  /// As configured, unsplit ("/etc/containerd/certs.d:/etc/docker/certs.d"). Empty: hosts.toml is not used.
  std::string config_path;
  /// registry.headers: sent to every host.
  std::map<std::string, std::vector<std::string>> headers;
  /// Legacy registry.mirrors: endpoints by registry ("docker.io", "*"), used only without config_path.
  std::map<std::string, std::vector<std::string>> mirrors;
  /// Where each of these is written: file and line.
  std::map<std::string, std::pair<std::string, int>> mirror_places;
  /// TLS of legacy endpoints by their host with port; 1.x only, used only without config_path.
  std::map<std::string, EndpointTls> endpoint_tls;
  /// Credentials by the host that asks for them (with port; "registry-1.docker.io"). containerd uses them only for a
  /// pull that brings none of its own.
  std::map<std::string, EndpointAuth> endpoint_auths;
  /// For people: where config_path comes from ("/etc/containerd/config.toml:12", "containerd's default").
  std::string source;
  /// The files that were read, and the directories in which more were looked for: a change there may change the rest.
  std::vector<std::string> read_from;
  std::vector<Note> notes;
  /// Set when the settings could not be learned: every registry's forecast is then undecided, with this reason.
  std::optional<std::string> unknown;
  /// Set when the files were changed after a containerd that does not tell its settings had read them: what it does
  /// until it is restarted is not known.
  std::optional<std::string> restart_pending;
  /// Set when it is not known whether containerd goes through proxies: forecasts are then undecided, with this reason,
  /// where it has a host that it could reach through one.
  std::optional<std::string> proxies_unknown;
};

/// containerd's hosts for one registry, in the order it asks them.
struct RegistryConfig {
  std::string registry;
  std::string directory;  ///< the host directory used; empty where none was found
  std::vector<RegistryHost> hosts;
  /// The error with which containerd fails every pull from this registry; `hosts` is then empty.
  std::optional<std::string> error;
  /// Set when tagdrift could not read what containerd may read: the forecast is undecided, `hosts` is empty.
  std::optional<std::string> unknown;
  std::vector<Note> notes;
};

/// Loads the hosts of `registry` (host part of a reference, as written) exactly as containerd `settings.version` does,
/// on every pull, from `tree`. Never fails: what containerd would fail on is `error`, what tagdrift cannot read is
/// `unknown`.
RegistryConfig LoadRegistryConfig(const FileTree& tree, const RegistrySettings& settings, std::string_view registry);

/// What ConfiguredRegistries finds.
struct ConfiguredNames {
  std::vector<std::string> registries;  ///< sorted
  bool for_all = false;                 ///< there is a `_default` directory, or mirrors of `*`
  std::vector<Note> notes;  ///< directories and files that serve no registry, roots that cannot be listed, limits
};

/// Registries that have a host directory in one of the roots (the directory `registry_5000_` is for `registry:5000`) or
/// legacy mirrors, and those that a directory was probably meant for (`registry-1.docker.io` for docker.io, `Quay.io`
/// for quay.io). `_default` and `*` are for all and name none. At most 1,000.
ConfiguredNames ConfiguredRegistries(const FileTree& tree, const RegistrySettings& settings);

/// A note for each root of host directories that is not there; `named_by` says who named it ("--registry-config-path").
std::vector<Note> MissingRoots(const FileTree& tree, const RegistrySettings& settings, std::string_view named_by);

}  // namespace tagdrift::hosts
