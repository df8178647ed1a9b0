#include <algorithm>
#include <set>
#include <string>

#include "hosts/directory/directory_notes.h"
#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {
namespace {

/// The registry that a host directory is for: `name_5000_` is how `name:5000` is written without a colon.
std::string RegistryOf(const std::string& directory) {
  if (directory.size() < 3 || directory.back() != '_') return directory;
  const std::size_t mark = directory.rfind('_', directory.size() - 2);
  if (mark == std::string::npos || mark == 0) return directory;
  const std::string port = directory.substr(mark + 1, directory.size() - mark - 2);
  const bool is_port =
      !port.empty() && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? directory.substr(0, mark) + ":" + port : directory;
}

}  // namespace

std::vector<std::string> ConfiguredRegistries(const FileTree& tree, const RegistrySettings& settings) {
  std::set<std::string> registries;
  // Also what the transfer service does not find for want of splitting: somebody meant it to be used.
  RegistrySettings split = settings;
  split.pull_path = PullPath::kLocal;
  for (const std::string& root : Roots(split)) {
    const absl::StatusOr<std::vector<FileTree::Entry>> entries = tree.List(root);
    if (!entries.ok()) continue;
    for (const FileTree::Entry& entry : *entries) {
      const absl::StatusOr<FileTree::Kind> kind = tree.Stat(root + "/" + entry.name);
      const bool is_directory = kind.ok() && *kind == FileTree::Kind::kDirectory;
      if (entry.name != "_default" && is_directory) registries.insert(RegistryOf(entry.name));
    }
  }
  for (const auto& [registry, endpoints] : settings.mirrors) {
    if (registry != "*") registries.insert(registry);
  }
  return {registries.begin(), registries.end()};
}

}  // namespace tagdrift::hosts
