#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hosts/release.h"
#include "hosts/settings/config_files.h"
#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {

/// Whether legacy tables are there, which decides more than what is in them.
struct LegacyTables {
  bool mirrors = false;
  bool configs = false;
  bool auths = false;
  bool tls = false;  ///< registry.configs.*.tls, 1.x only
  bool Any() const { return mirrors || configs || auths; }
};

/// Reads the `registry` table of the CRI plugin into settings. Files are named by the values' sources.
class RegistryTable {
 public:
  RegistryTable(const std::vector<std::string>& files, Release release) : files_(files), release_(release) {}

  /// Fills config_path, its source, headers, mirrors, endpoint_tls, endpoint_auths and notes. Nothing when all types
  /// fit.
  std::optional<ConfigRefusal> Read(const TomlValue& registry, RegistrySettings& settings);

  const LegacyTables& legacy() const { return legacy_; }
  /// Where `mirrors` or `configs` is written, for a refusal that names it.
  ConfigRefusal At(const TomlValue& value, std::string reason) const;

 private:
  using Read1 = std::optional<ConfigRefusal>;

  Read1 ConfigPath(const TomlValue& registry, RegistrySettings& settings);
  Read1 Headers(const TomlValue& registry, RegistrySettings& settings) const;
  Read1 Mirrors(const TomlValue& registry, RegistrySettings& settings);
  Read1 Configs(const TomlValue& registry, RegistrySettings& settings);
  Read1 Tls(const TomlMember& config, RegistrySettings& settings);
  Read1 Auths(const TomlValue& registry, RegistrySettings& settings);
  Read1 Auth(const TomlValue& table, EndpointAuth& auth) const;
  void NoteUnknownKeys(const TomlValue& table, std::span<const std::string_view> known,
                       RegistrySettings& settings) const;
  void Add(NoteKind kind, const TomlValue& value, std::string detail, RegistrySettings& settings) const;
  Read1 String(const TomlValue& table, std::string_view key, std::string& text) const;

  const std::vector<std::string>& files_;
  Release release_;
  LegacyTables legacy_;
};

}  // namespace tagdrift::hosts
