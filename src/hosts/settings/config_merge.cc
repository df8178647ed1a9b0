#include "hosts/settings/config_merge.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "hosts/directory/host_table.h"
#include "hosts/go/go_text.h"

namespace tagdrift::hosts {
namespace {

TomlValue* FindIn(TomlValue& table, std::string_view key) {
  const auto found = std::ranges::find(table.members, key, &TomlMember::key);
  return found == table.members.end() ? nullptr : &found->value;
}

void Put(TomlValue& table, std::string_view key, TomlValue value) {
  if (TomlValue* present = FindIn(table, key)) {
    *present = std::move(value);
  } else {
    table.members.push_back({std::string(key), std::move(value)});
  }
}

/// Tables are merged key by key; all else, empty or not, is replaced.
void MergeDeep(TomlValue& into, TomlValue from) {
  for (TomlMember& member : from.members) {
    TomlValue* present = FindIn(into, member.key);
    if (present != nullptr && present->IsTable() && member.value.IsTable()) {
      MergeDeep(*present, std::move(member.value));
    } else {
      Put(into, member.key, std::move(member.value));
    }
  }
}

/// 2.x: what the images plugin takes over from the CRI plugin's table of 1.x. A table is taken over whole.
void MoveToImages(TomlValue& plugins) {
  const TomlValue* cri = plugins.Find(kCriPlugin2);
  if (cri == nullptr || !cri->IsTable()) return;
  const TomlValue* present = plugins.Find(kImagesPlugin);
  TomlValue images = present == nullptr ? TomlValue{} : *present;
  constexpr std::array kKeys = {"registry", "max_concurrent_downloads", "image_pull_with_sync_fs"};
  for (const std::string_view key : kKeys) {
    if (const TomlValue* value = cri->Find(key)) Put(images, key, *value);
  }
  constexpr std::array kContainerdKeys = {"disable_snapshot_annotations", "discard_unpacked_layers"};
  const TomlValue* containerd = cri->Find("containerd");
  for (const std::string_view key : kContainerdKeys) {
    if (containerd == nullptr) break;
    if (const TomlValue* value = containerd->Find(key)) Put(images, key, *value);
  }
  Put(plugins, kImagesPlugin, std::move(images));
}

/// 2.x: short plugin names of version 1. Only the CRI's matters here.
void RenamePlugins(TomlValue& plugins) {
  for (TomlMember& plugin : plugins.members) {
    if (plugin.key == kCriPlugin1) plugin.key = kCriPlugin2;
  }
}

class Merger {
 public:
  explicit Merger(ContainerdVersion version) : release_(version), version_(version) {}

  std::variant<MergedConfig, ConfigRefusal> Run(std::vector<ConfigFile> files) {
    // 2.x starts from its own default, 1.x from nothing.
    int merged_version = release_.Is2() ? Newest() : 0;
    for (ConfigFile& file : files) {
      TomlValue plugins;
      for (const TomlValue* table : FieldsOf(file.root, "plugins", release_.Dialect())) {
        if (std::optional<ConfigRefusal> refusal = WrongPlugins(*table, file.path)) return *refusal;
        MergeDeep(plugins, *table);
      }
      int version = file.version;
      if (MigratesEachFile()) {
        if (version <= 1) RenamePlugins(plugins);
        if (version < Newest()) MoveToImages(plugins);
        version = std::max(version, Newest());
      } else if (release_.Is2() && version <= 1) {
        RenamePlugins(plugins);
        version = merged_version;
      }
      if (version != 0) merged_version = version;
      Merge(std::move(plugins));
    }
    if (merged_version > Newest()) return TooNew(files, merged_version);
    if (release_.Is2() && merged_version < 3) MoveToImages(merged_.plugins);
    if (release_.Is2()) {
      merged_.plugin = kImagesPlugin;
    } else {
      merged_.plugin = merged_version <= 1 ? kCriPlugin1 : kCriPlugin2;
      if (merged_version == 2) {
        if (std::optional<ConfigRefusal> refusal = ShortName(files)) return *refusal;
      }
    }
    return std::move(merged_);
  }

 private:
  bool MigratesEachFile() const { return version_ >= ContainerdVersion{2, 3, 0}; }
  int Newest() const {
    if (!release_.Is2()) return 2;
    return MigratesEachFile() ? 4 : 3;
  }

  void Merge(TomlValue plugins) {
    if (release_.Is2()) {
      MergeDeep(merged_.plugins, std::move(plugins));
      return;
    }
    for (TomlMember& plugin : plugins.members) Put(merged_.plugins, plugin.key, std::move(plugin.value));
  }

  static std::optional<ConfigRefusal> WrongPlugins(const TomlValue& table, const std::string& path) {
    if (!table.IsTable()) return ConfigRefusal{"\"plugins\" must be a table", path, table.line};
    for (const TomlMember& plugin : table.members) {
      if (plugin.value.IsTable()) continue;
      return ConfigRefusal{"plugin " + GoQuoted(plugin.key) + " must be a table", path, plugin.value.line};
    }
    return std::nullopt;
  }

  ConfigRefusal TooNew(const std::vector<ConfigFile>& files, int version) const {
    const auto stating = std::ranges::find(files, version, &ConfigFile::version);
    return {"containerd " + version_.Text() + " reads configuration versions up to " + std::to_string(Newest()) +
                ", this is version " + std::to_string(version),
            stating == files.end() ? "" : stating->path};
  }

  /// 1.x refuses a version 2 file with a plugin by its short name.
  std::optional<ConfigRefusal> ShortName(const std::vector<ConfigFile>& files) const {
    for (const TomlMember& plugin : merged_.plugins.members) {
      if (std::ranges::count(plugin.key, '.') >= 3) continue;
      return ConfigRefusal{"invalid plugin key URI " + GoQuoted(plugin.key) + ", expected io.containerd.x.vx",
                           files[static_cast<std::size_t>(plugin.value.source)].path, plugin.value.line};
    }
    return std::nullopt;
  }

  Release release_;
  ContainerdVersion version_;
  MergedConfig merged_;
};

}  // namespace

std::variant<MergedConfig, ConfigRefusal> MergeConfig(std::vector<ConfigFile> files, ContainerdVersion version) {
  return Merger(version).Run(std::move(files));
}

}  // namespace tagdrift::hosts
