#pragma once

#include <string_view>

#include "hosts/toml/document.h"
#include "tagdrift/hosts/containerd_version.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::hosts {

/// What differs between containerd releases when they read host directories.
class Release {
 public:
  explicit Release(ContainerdVersion version) : version_(version) {}

  TomlDialect Dialect() const { return Is2() ? TomlDialect::kGoToml2 : TomlDialect::kGoToml1; }
  bool Is2() const { return version_.major >= 2; }

  /// 1.x before 1.7.32 refuses a hosts.toml without any host table.
  bool NeedsHostTable() const { return version_ < ContainerdVersion{1, 7, 32}; }
  bool HasReferrers() const { return version_ >= ContainerdVersion{2, 2, 0}; }
  bool HasDialTimeout() const { return version_ >= ContainerdVersion{2, 0, 7}; }

  /// An http host with TLS settings is asked by https first, then by http.
  bool HasHttpFallback() const {
    return version_ >= ContainerdVersion{1, 7, 7} || (version_.minor < 7 && version_ >= ContainerdVersion{1, 6, 25});
  }
  /// … when its port, as written, is such: 1.7.7 took any, then one had to be written and not be 80, from 1.7.24 it may
  /// also be left out.
  bool FallsBackAt(std::string_view port) const {
    if (!HasHttpFallback()) return false;
    if (version_ == ContainerdVersion{1, 7, 7}) return true;
    return port != "80" && (!port.empty() || version_ >= ContainerdVersion{1, 7, 24});
  }
  /// A local registry's default scheme goes by its port; before, it is http.
  bool LocalSchemeByPort() const { return HasHttpFallback() && version_ != ContainerdVersion{1, 7, 7}; }
  /// The fallback is for `dial_timeout` alone too: a bug of 2.0.7 and later 2.0.x.
  bool DialTimeoutIsTls() const { return HasDialTimeout() && version_ < ContainerdVersion{2, 1, 0}; }

  /// Pulls may go through the transfer service.
  bool HasTransfer() const { return version_ >= ContainerdVersion{2, 1, 0}; }
  /// The default `config_path` is part of the built-in configuration, so that `mirrors` alone conflicts with it.
  bool DefaultPathIsBuiltIn() const {
    return version_ == ContainerdVersion{2, 2, 0} || version_ == ContainerdVersion{2, 2, 1};
  }
  /// … is put in when the plugin starts with neither `config_path` nor `mirrors`.
  bool DefaultPathAtStart() const { return version_ >= ContainerdVersion{2, 2, 2}; }

  Capabilities DefaultCapabilities() const {
    Capabilities all{Capability::kPull, Capability::kResolve, Capability::kPush};
    if (HasReferrers()) all.Add(Capability::kReferrers);
    return all;
  }

 private:
  ContainerdVersion version_;
};

}  // namespace tagdrift::hosts
