#include "tagdrift/hosts/containerd_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hosts/directory/host_table.h"
#include "hosts/go/go_text.h"
#include "hosts/settings/config_files.h"
#include "hosts/settings/config_merge.h"
#include "hosts/settings/registry_table.h"
#include "tagdrift/text/near_miss.h"

namespace tagdrift::hosts {
namespace {

constexpr const char* kDefaultPath = "/etc/containerd/certs.d:/etc/docker/certs.d";

class Loader {
 public:
  Loader(ContainerdVersion version, std::optional<PullPath> pull_path)
      : release_(version), stated_pull_path_(pull_path) {
    settings_.version = version;
    settings_.pull_path = PullPath::kLocal;
    settings_.source = "containerd's default";
  }

  RegistrySettings Run(const FileTree& tree, const std::string& path) {
    std::variant<ConfigFiles, ConfigRefusal> read = ReadConfigFiles(tree, path, release_.Dialect());
    if (const ConfigRefusal* refusal = std::get_if<ConfigRefusal>(&read)) return Refuse(*refusal);
    ConfigFiles& config = std::get<ConfigFiles>(read);
    for (const ConfigFile& file : config.files) paths_.push_back(file.path);
    settings_.read_from = paths_;
    std::ranges::move(config.listed, std::back_inserter(settings_.read_from));

    std::variant<MergedConfig, ConfigRefusal> merged = MergeConfig(std::move(config.files), settings_.version);
    if (const ConfigRefusal* refusal = std::get_if<ConfigRefusal>(&merged)) return Refuse(*refusal);
    return FromMerged(std::get<MergedConfig>(merged));
  }

 private:
  RegistrySettings FromMerged(const MergedConfig& config) {
    RegistryTable table(paths_, release_);
    const TomlValue* plugin = config.plugins.Find(config.plugin);
    // 2.2.0 and 2.2.1 have the default in their built-in configuration, later ones put it in when they start.
    if (release_.DefaultPathIsBuiltIn()) settings_.config_path = kDefaultPath;
    for (const TomlValue* registry : plugin == nullptr ? Fields{} : FieldsOf(*plugin, "registry", release_.Dialect())) {
      if (const auto refusal = table.Read(*registry, settings_)) return Refuse(*refusal);
      if (const auto refusal = Conflict(table, *registry)) return Refuse(*refusal, NoteKind::kLegacyMirrorsIgnored);
    }
    if (release_.DefaultPathAtStart() && settings_.config_path.empty() && settings_.mirrors.empty()) {
      settings_.config_path = kDefaultPath;
      settings_.source = "containerd's default";
    }
    if (const auto refusal = DecidePullPath(plugin, table)) return Refuse(*refusal);
    NoteUnread(config);
    return std::move(settings_);
  }

  using Fields = std::vector<const TomlValue*>;

  RegistrySettings Refuse(const ConfigRefusal& refusal, NoteKind kind = NoteKind::kUnreadable) {
    const std::string line = refusal.line > 0 ? ":" + std::to_string(refusal.line) : "";
    settings_.unknown = "reading " + refusal.file + line + ": " + refusal.reason;
    settings_.notes.push_back(
        {refusal.limit ? NoteKind::kLimitExceeded : kind, refusal.file, refusal.line, refusal.reason});
    return std::move(settings_);
  }

  /// Combinations with which containerd's CRI plugin does not start.
  std::optional<ConfigRefusal> Conflict(const RegistryTable& table, const TomlValue& registry) const {
    if (settings_.config_path.empty()) return std::nullopt;
    if (table.legacy().mirrors) {
      const Fields mirrors = FieldsOf(registry, "mirrors", release_.Dialect());
      return table.At(*mirrors.back(),
                      "`mirrors` cannot be set when `config_path` is provided: containerd's CRI plugin "
                      "does not start with it");
    }
    if (table.legacy().tls) {
      const Fields configs = FieldsOf(registry, "configs", release_.Dialect());
      return table.At(*configs.back(),
                      "`configs.tls` cannot be set when `config_path` is provided: containerd's CRI "
                      "plugin does not start with it");
    }
    return std::nullopt;
  }

  /// 2.1 and later pull through the transfer service unless something that it cannot do is asked for.
  std::optional<ConfigRefusal> DecidePullPath(const TomlValue* plugin, const RegistryTable& table) {
    if (!release_.HasTransfer()) return std::nullopt;
    bool local = table.legacy().Any();
    if (plugin != nullptr) {
      if (const auto refusal = AddSwitch(*plugin, table, "use_local_image_pull", true, local)) return refusal;
      if (const auto refusal = AddSwitch(*plugin, table, "disable_snapshot_annotations", false, local)) return refusal;
      if (const auto refusal = AddSwitch(*plugin, table, "discard_unpacked_layers", true, local)) return refusal;
      if (const auto refusal = AddSwitch(*plugin, table, "image_pull_with_sync_fs", true, local)) return refusal;
      for (const TomlValue* downloads : FieldsOf(*plugin, "max_concurrent_downloads", release_.Dialect())) {
        if (downloads->kind != TomlValue::Kind::kInteger) {
          return table.At(*downloads, "\"max_concurrent_downloads\" must be a number");
        }
        if (downloads->integer != 3) local = true;
      }
    }
    settings_.pull_path = stated_pull_path_.value_or(local ? PullPath::kLocal : PullPath::kTransfer);
    return std::nullopt;
  }

  std::optional<ConfigRefusal> AddSwitch(const TomlValue& plugin, const RegistryTable& table, std::string_view key,
                                         bool local_when, bool& local) const {
    const Fields fields = FieldsOf(plugin, key, release_.Dialect());
    for (const TomlValue* field : fields) {
      if (field->kind != TomlValue::Kind::kBoolean) return table.At(*field, GoQuoted(key) + " must be true or false");
    }
    if (!fields.empty() && fields.back()->boolean == local_when) local = true;
    return std::nullopt;
  }

  /// Registry settings in a place that this containerd, with this configuration version, does not look at.
  void NoteUnread(const MergedConfig& config) {
    std::string looks = ": containerd " + settings_.version.Text() + " looks in [plugins." + GoQuoted(config.plugin) +
                        ".registry] with this configuration version";
    if (config.plugin == kCriPlugin1) looks += "; is `version = 2` missing?";
    for (const TomlMember& plugin : config.plugins.members) {
      if (!MayBeMeant(plugin.key)) continue;
      if (const TomlValue* path = UnusedPath(plugin)) NoteUnread(*path, "this config_path is not used" + looks);
      const TomlValue* registry = plugin.key == config.plugin ? nullptr : plugin.value.Find("registry");
      if (registry == nullptr || registry->members.empty() || IsMoved(config, *registry)) continue;
      NoteUnread(*registry, "the registry settings in plugin " + GoQuoted(plugin.key) + " are not read" + looks);
    }
  }

  void NoteUnread(const TomlValue& value, std::string detail) {
    const bool mirrors = !value.IsTable() || value.Find("mirrors") != nullptr || value.Find("config_path") != nullptr;
    settings_.notes.push_back({mirrors ? NoteKind::kSettingsNotRead : NoteKind::kUnknownKey,
                               paths_[static_cast<std::size_t>(value.source)], value.line, std::move(detail)});
  }

  /// Plugins in whose tables people put the CRI's registry settings, and slips of these names.
  static bool MayBeMeant(std::string_view plugin) {
    constexpr std::string_view kNames[] = {kCriPlugin2, kImagesPlugin, kRuntimePlugin, kTransferPlugin};
    return plugin == kCriPlugin1 || !text::NearMiss(plugin, kNames).empty();
  }

  /// `config_path` beside the `registry` table instead of in it. In the transfer service's table containerd parses it
  /// and does not use it. Null where it says what holds anyway.
  const TomlValue* UnusedPath(const TomlMember& plugin) const {
    const TomlValue* path = plugin.value.Find("config_path");
    return path == nullptr || path->text.empty() || path->text == settings_.config_path ? nullptr : path;
  }

  /// Whether the table is the one that a migration took over.
  static bool IsMoved(const MergedConfig& config, const TomlValue& registry) {
    const TomlValue* plugin = config.plugins.Find(config.plugin);
    const TomlValue* used = plugin == nullptr ? nullptr : plugin->Find("registry");
    return used != nullptr && used->source == registry.source && used->offset == registry.offset;
  }

  Release release_;
  std::optional<PullPath> stated_pull_path_;
  std::vector<std::string> paths_;
  RegistrySettings settings_;
};

}  // namespace

RegistrySettings LoadRegistrySettings(const FileTree& tree, const std::string& file, ContainerdVersion version,
                                      std::optional<PullPath> pull_path) {
  return Loader(version, pull_path).Run(tree, file);
}

}  // namespace tagdrift::hosts
