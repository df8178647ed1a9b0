#include "hosts/settings/registry_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hosts/directory/host_table.h"
#include "hosts/go/go_text.h"
#include "hosts/go/host_url.h"
#include "hosts/toml/key_names.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

constexpr std::array<std::string_view, 5> kRegistryKeys = {"config_path", "mirrors", "configs", "auths", "headers"};

bool IsStringList(const TomlValue& value) {
  return value.IsArray() && std::ranges::all_of(value.items, &TomlValue::IsString);
}

std::vector<std::string> Texts(const TomlValue& list) {
  std::vector<std::string> texts;
  for (const TomlValue& item : list.items) texts.push_back(item.text);
  return texts;
}

}  // namespace

ConfigRefusal RegistryTable::At(const TomlValue& value, std::string reason) const {
  return {std::move(reason), files_[static_cast<std::size_t>(value.source)], value.line};
}

std::optional<ConfigRefusal> RegistryTable::Read(const TomlValue& registry, RegistrySettings& settings) {
  if (!registry.IsTable()) return At(registry, "\"registry\" must be a table");
  if (Read1 refusal = ConfigPath(registry, settings)) return refusal;
  if (Read1 refusal = Headers(registry, settings)) return refusal;
  if (Read1 refusal = Mirrors(registry, settings)) return refusal;
  if (Read1 refusal = Configs(registry, settings)) return refusal;
  if (Read1 refusal = Auths(registry, settings)) return refusal;
  for (const TomlMember& member : registry.members) {
    const std::string lower = release_.Is2() ? text::Lower(member.key) : member.key;
    if (std::ranges::find(kRegistryKeys, lower) != kRegistryKeys.end()) continue;
    const ConfigRefusal where = At(member.value, UnknownKeyDetail(member.key, kRegistryKeys));
    settings.notes.push_back({NoteKind::kUnknownKey, where.file, where.line, where.reason});
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::String(const TomlValue& table, std::string_view key,
                                                   std::string& text) const {
  for (const TomlValue* value : FieldsOf(table, key, release_.Dialect())) {
    if (!value->IsString()) return At(*value, GoQuoted(key) + " must be a string");
    text = value->text;
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::ConfigPath(const TomlValue& registry, RegistrySettings& settings) {
  if (Read1 refusal = String(registry, "config_path", settings.config_path)) return refusal;
  for (const TomlValue* value : FieldsOf(registry, "config_path", release_.Dialect())) {
    const ConfigRefusal where = At(*value, "");
    settings.source = where.file + ":" + std::to_string(where.line);
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::Headers(const TomlValue& registry, RegistrySettings& settings) const {
  for (const TomlValue* headers : FieldsOf(registry, "headers", release_.Dialect())) {
    if (!headers->IsTable()) return At(*headers, "\"headers\" must be a table");
    for (const TomlMember& header : headers->members) {
      if (!IsStringList(header.value)) {
        return At(header.value, "header " + GoQuoted(header.key) + " must be a list of strings");
      }
      settings.headers[header.key] = Texts(header.value);
    }
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::Mirrors(const TomlValue& registry, RegistrySettings& settings) {
  for (const TomlValue* mirrors : FieldsOf(registry, "mirrors", release_.Dialect())) {
    if (!mirrors->IsTable()) return At(*mirrors, "\"mirrors\" must be a table");
    for (const TomlMember& mirror : mirrors->members) {
      if (!mirror.value.IsTable()) return At(mirror.value, "mirror " + GoQuoted(mirror.key) + " must be a table");
      const ConfigRefusal where = At(mirror.value, "");
      settings.mirror_places[mirror.key] = {where.file, where.line};
      std::vector<std::string>& endpoints = settings.mirrors[mirror.key];
      for (const TomlValue* list : FieldsOf(mirror.value, "endpoint", release_.Dialect())) {
        if (!IsStringList(*list)) return At(*list, "\"endpoint\" must be a list of strings");
        endpoints = Texts(*list);
      }
    }
    legacy_.mirrors = !settings.mirrors.empty();
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::Configs(const TomlValue& registry, RegistrySettings& settings) {
  for (const TomlValue* configs : FieldsOf(registry, "configs", release_.Dialect())) {
    if (!configs->IsTable()) return At(*configs, "\"configs\" must be a table");
    for (const TomlMember& config : configs->members) {
      legacy_.configs = true;
      if (!config.value.IsTable()) return At(config.value, "config " + GoQuoted(config.key) + " must be a table");
      for (const TomlValue* auth : FieldsOf(config.value, "auth", release_.Dialect())) {
        if (Read1 refusal = Auth(*auth, settings.endpoint_auths[config.key])) return refusal;
      }
      if (Read1 refusal = Tls(config, settings)) return refusal;
    }
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::Tls(const TomlMember& config, RegistrySettings& settings) {
  for (const TomlValue* table : FieldsOf(config.value, "tls", release_.Dialect())) {
    if (release_.Is2()) {
      const ConfigRefusal where =
          At(*table, "registry.configs." + GoQuoted(config.key) +
                         ".tls is unknown to containerd 2.x and skipped: use config_path and hosts.toml");
      settings.notes.push_back({NoteKind::kUnknownKey, where.file, where.line, where.reason});
      continue;
    }
    if (!table->IsTable()) return At(*table, "\"tls\" must be a table");
    legacy_.tls = true;
    EndpointTls& tls = settings.endpoint_tls[config.key];
    if (Read1 refusal = String(*table, "ca_file", tls.ca_file)) return refusal;
    if (Read1 refusal = String(*table, "cert_file", tls.cert_file)) return refusal;
    if (Read1 refusal = String(*table, "key_file", tls.key_file)) return refusal;
    for (const TomlValue* skip : FieldsOf(*table, "insecure_skip_verify", release_.Dialect())) {
      if (skip->kind != TomlValue::Kind::kBoolean) return At(*skip, "\"insecure_skip_verify\" must be true or false");
      tls.insecure_skip_verify = skip->boolean;
    }
  }
  return std::nullopt;
}

std::optional<ConfigRefusal> RegistryTable::Auth(const TomlValue& table, EndpointAuth& auth) const {
  if (!table.IsTable()) return At(table, "\"auth\" must be a table");
  if (Read1 refusal = String(table, "username", auth.username)) return refusal;
  if (Read1 refusal = String(table, "password", auth.password)) return refusal;
  if (Read1 refusal = String(table, "auth", auth.auth)) return refusal;
  return String(table, "identitytoken", auth.identity_token);
}

/// registry.auths is keyed by URL; containerd makes them configs of the URL's host.
std::optional<ConfigRefusal> RegistryTable::Auths(const TomlValue& registry, RegistrySettings& settings) {
  for (const TomlValue* auths : FieldsOf(registry, "auths", release_.Dialect())) {
    if (!auths->IsTable()) return At(*auths, "\"auths\" must be a table");
    for (const TomlMember& member : auths->members) {
      legacy_.auths = true;
      EndpointAuth auth;
      if (Read1 refusal = Auth(member.value, auth)) return refusal;
      const absl::StatusOr<HostUrl> url = ParseHostUrl(member.key);
      if (!url.ok()) {
        return At(member.value, "failed to parse registry url " + GoQuoted(member.key) +
                                    " from `registry.auths`: " + text::MessageOf(url.status()));
      }
      settings.endpoint_auths[url->scheme.empty() ? member.key : url->host] = std::move(auth);
    }
  }
  return std::nullopt;
}

}  // namespace tagdrift::hosts
