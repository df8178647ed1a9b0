#include <algorithm>
#include <set>
#include <string>

#include "hosts/directory/directory_notes.h"
#include "hosts/go/go_text.h"
#include "hosts/go/host_url.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxRegistries = 1000;

class Search {
 public:
  explicit Search(const FileTree& tree) : tree_(tree) {}

  void AddRoot(const std::string& root) {
    const absl::StatusOr<std::vector<FileTree::Entry>> entries = tree_.List(root.empty() ? "." : root);
    if (absl::IsNotFound(entries.status())) return;
    if (!entries.ok()) {
      const NoteKind kind =
          absl::IsResourceExhausted(entries.status()) ? NoteKind::kLimitExceeded : NoteKind::kUnreadable;
      found_.notes.push_back({kind, root, 0, text::MessageOf(entries.status())});
      return;
    }
    for (const FileTree::Entry& entry : *entries) AddEntry(root, entry);
  }

  void Add(const std::string& registry, const std::string& where) {
    if (registries_.size() < kMaxRegistries) {
      registries_.insert(registry);
    } else if (!registries_.contains(registry) && !limit_said_) {
      limit_said_ = true;
      found_.notes.push_back({NoteKind::kLimitExceeded, where, 0,
                              "more than 1,000 registries are configured: the others are left out here; name them"});
    }
  }

  ConfiguredNames Take() {
    found_.registries.assign(registries_.begin(), registries_.end());
    return std::move(found_);
  }

 private:
  void AddEntry(const std::string& root, const FileTree::Entry& entry) {
    const std::string path = JoinPath(root, entry.name);
    const absl::StatusOr<FileTree::Kind> kind = tree_.Stat(path);
    if (!kind.ok()) return;
    if (*kind == FileTree::Kind::kDirectory && entry.name == "_default") {
      found_.for_all = true;
    } else if (*kind == FileTree::Kind::kDirectory) {
      AddDirectory(root, entry.name);
    }
    if (*kind == FileTree::Kind::kFile && entry.name.ends_with(".toml")) {
      found_.notes.push_back({NoteKind::kFileIgnored, path, 0,
                              "the file is never read: containerd wants a directory per registry, or _default, with "
                              "a hosts.toml in it"});
    }
  }

  void AddDirectory(const std::string& root, const std::string& name) {
    const std::vector<std::string> registries = MeantRegistries(name);
    for (const std::string& registry : registries) Add(registry, root);
    const std::string file = JoinPath(JoinPath(root, name), "hosts.toml");
    if (std::ranges::none_of(registries, image::IsRegistry) && tree_.Stat(file).ok()) {
      found_.notes.push_back({NoteKind::kDirectoryNeverMatches, file, 0,
                              "the file is never used: no reference has a registry called " + GoQuoted(name)});
    }
  }

  const FileTree& tree_;
  std::set<std::string> registries_;
  ConfiguredNames found_;
  bool limit_said_ = false;
};

/// Also what the transfer service does not find for want of splitting: somebody meant it to be used.
std::vector<std::string> SplitRoots(RegistrySettings settings) {
  settings.pull_path = PullPath::kLocal;
  return Roots(settings);
}

}  // namespace

ConfiguredNames ConfiguredRegistries(const FileTree& tree, const RegistrySettings& settings) {
  Search search(tree);
  for (const std::string& root : SplitRoots(settings)) search.AddRoot(root);
  for (const auto& [registry, endpoints] : settings.mirrors) {
    if (registry != "*") search.Add(registry, settings.source);
  }
  ConfiguredNames found = search.Take();
  found.for_all = found.for_all || settings.mirrors.contains("*");
  return found;
}

std::vector<Note> MissingRoots(const FileTree& tree, const RegistrySettings& settings, std::string_view named_by) {
  std::vector<Note> notes;
  for (const std::string& root : SplitRoots(settings)) {
    const absl::StatusOr<FileTree::Kind> kind = tree.Stat(root);
    if (!absl::IsNotFound(kind.status()) && (!kind.ok() || *kind == FileTree::Kind::kDirectory)) continue;
    notes.push_back({NoteKind::kDirectoryMissing, root, 0,
                     "no such directory, but " + std::string(named_by) + " names it: no host directory in it is used"});
  }
  return notes;
}

}  // namespace tagdrift::hosts
