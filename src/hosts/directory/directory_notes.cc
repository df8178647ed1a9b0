#include "hosts/directory/directory_notes.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "hosts/directory/host_directory.h"
#include "hosts/go/go_text.h"
#include "hosts/go/host_url.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

std::vector<std::string> Split(const std::string& path) {
  std::vector<std::string> roots;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    roots.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return roots;
}

// Names of Docker Hub that containerd has no directory for: it looks for "docker.io".
constexpr std::array<std::string_view, 3> kNamesOfHub = {"index.docker.io", "registry-1.docker.io", "hub.docker.com"};

/// The registry that a host directory is for: `name_5000_` is how `name:5000` is written without a colon.
std::string RegistryOf(const std::string& directory) {
  const std::size_t end = directory.ends_with('_') ? directory.size() - 1 : directory.size();
  const std::size_t mark = end == 0 ? std::string::npos : directory.rfind('_', end - 1);
  if (mark == std::string::npos || mark == 0) return directory;
  const std::string port = directory.substr(mark + 1, end - mark - 1);
  const bool is_port = !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? directory.substr(0, mark) + ":" + port : directory;
}

bool Exists(const FileTree& tree, const std::string& path) { return tree.Stat(path).ok(); }

/// Directory names that somebody may have meant for `registry`, but that containerd does not look for.
std::vector<std::string> Misnamed(const std::vector<FileTree::Entry>& entries, std::string_view registry) {
  const std::string lower = text::Lower(registry);
  const std::string host = lower.substr(0, lower.rfind(':'));
  std::string underscored = lower;
  std::ranges::replace(underscored, ':', '_');
  std::vector<std::string> names = DirectoryNames(lower);
  names.pop_back();  // "_default"
  names.push_back(host);
  names.push_back(underscored);
  if (lower == "docker.io") names.insert(names.end(), kNamesOfHub.begin(), kNamesOfHub.end());

  const std::vector<std::string> right = DirectoryNames(registry);
  std::vector<std::string> misnamed;
  for (const FileTree::Entry& entry : entries) {
    if (std::ranges::find(right, entry.name) != right.end()) continue;
    if (std::ranges::find(names, text::Lower(entry.name)) != names.end()) misnamed.push_back(entry.name);
  }
  return misnamed;
}

/// A directory of a later root that the one in use, `_default` of an earlier root, hides.
void AddHidden(const FileTree& tree, const std::vector<std::string>& roots, std::string_view registry,
               const std::string& directory, std::vector<Note>& notes) {
  const auto used =
      std::ranges::find_if(roots, [&](const std::string& root) { return JoinPath(root, "_default") == directory; });
  if (used == roots.end()) return;
  for (auto root = std::next(used); root != roots.end(); ++root) {
    for (const std::string& name : DirectoryNames(registry)) {
      const std::string hidden = JoinPath(*root, name);
      if (name == "_default" || !Exists(tree, hidden)) continue;
      notes.push_back(
          {NoteKind::kDefaultHidesRoot, hidden, 0, hidden + " is never used: " + directory + " is found first"});
    }
  }
}

}  // namespace

std::vector<std::string> Roots(const RegistrySettings& settings) {
  if (settings.config_path.empty()) return {};
  if (settings.pull_path == PullPath::kTransfer) return {settings.config_path};
  return Split(settings.config_path);
}

std::vector<std::string> MeantRegistries(const std::string& directory) {
  std::vector<std::string> registries;
  const auto add = [&](std::string registry) {
    if (std::ranges::find(registries, registry) == registries.end()) registries.push_back(std::move(registry));
  };
  const std::string registry = RegistryOf(directory);
  // A reference to index.docker.io is one to docker.io.
  if (registry != "index.docker.io") add(directory.ends_with('_') ? registry : directory);
  add(registry == "index.docker.io" ? "docker.io" : text::Lower(registry));
  if (std::ranges::find(kNamesOfHub, text::Lower(registry)) != kNamesOfHub.end()) add("docker.io");
  return registries;
}

void AddMisnamedFileNote(const FileTree& tree, const std::string& directory, std::vector<Note>& notes) {
  const absl::StatusOr<std::vector<FileTree::Entry>> entries = tree.List(directory);
  if (!entries.ok()) return;
  for (const FileTree::Entry& entry : *entries) {
    const std::string lower = text::Lower(entry.name);
    if (entry.directory || !(lower.ends_with(".toml") || lower == "hosts" || lower == "hosts.tml")) continue;
    const std::string path = JoinPath(directory, entry.name);
    notes.push_back({NoteKind::kFileIgnored, path, 0, "the file is never read: its name has to be hosts.toml"});
  }
}

void AddDirectoryNotes(const FileTree& tree, const RegistrySettings& settings, std::string_view registry,
                       const std::string& directory, std::vector<Note>& notes) {
  const std::vector<std::string> split = Split(settings.config_path);
  if (settings.pull_path == PullPath::kTransfer && split.size() > 1) {
    const bool wanted = std::ranges::any_of(split, [&](const std::string& root) {
      const std::variant<std::string, Refusal> found = FindDirectory(tree, root, registry);
      const std::string* path = std::get_if<std::string>(&found);
      return path != nullptr && !path->empty();
    });
    if (wanted) {
      notes.push_back(
          {NoteKind::kConfigPathNotSplit, "", 0,
           "config_path " + GoQuoted(settings.config_path) +
               " is taken as the name of one directory: pulls through the transfer service do not split it, "
               "so nothing below it is used"});
    }
    return;
  }
  const std::vector<std::string> roots = Roots(settings);
  AddHidden(tree, roots, registry, directory, notes);
  for (const std::string& root : roots) {
    const absl::StatusOr<std::vector<FileTree::Entry>> entries = tree.List(root.empty() ? "." : root);
    if (!entries.ok()) continue;
    for (const std::string& name : Misnamed(*entries, registry)) {
      const std::string path = JoinPath(root, name);
      notes.push_back({NoteKind::kDirectoryNeverMatches, path, 0,
                       path + " is never used for " + std::string(registry) + ": containerd looks for " +
                           GoQuoted(DirectoryNames(registry).front())});
    }
  }
}

}  // namespace tagdrift::hosts
