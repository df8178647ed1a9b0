#include "hosts/directory/host_directory.h"

#include "hosts/go/host_url.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {

Refusal RefusedBy(const absl::Status& status, const std::string& path, std::string_view operation) {
  const bool certain = absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
  // Go opens a directory without complaint and fails on reading it.
  const bool directory = status.message() == "is a directory";
  const std::string verb = directory ? "read" : std::string(operation);
  return {verb + " " + path + ": " + text::MessageOf(status), path, !certain, absl::IsResourceExhausted(status)};
}

std::vector<std::string> DirectoryNames(std::string_view registry) {
  std::vector<std::string> names;
  const std::size_t colon = registry.rfind(':');
  if (colon != std::string_view::npos && colon > 0) {
    names.push_back(std::string(registry.substr(0, colon)) + "_" + std::string(registry.substr(colon + 1)) + "_");
  }
  names.emplace_back(registry);
  names.emplace_back("_default");
  return names;
}

std::variant<std::string, Refusal> FindDirectory(const FileTree& tree, const std::string& root,
                                                 std::string_view registry) {
  for (const std::string& name : DirectoryNames(registry)) {
    std::string path = JoinPath(root, name);
    const absl::StatusOr<FileTree::Kind> kind = tree.Stat(path);
    if (kind.ok()) return path;
    if (!absl::IsNotFound(kind.status())) return RefusedBy(kind.status(), path, "stat");
  }
  return "";
}

std::variant<HostEntry, Refusal> CertificateEntry(const FileTree& tree, const std::string& directory) {
  const absl::StatusOr<std::vector<FileTree::Entry>> files = tree.List(directory);
  HostEntry entry;
  entry.host.role = HostRole::kDefault;
  if (!files.ok()) {
    if (absl::IsNotFound(files.status())) return entry;
    return RefusedBy(files.status(), directory, "open");
  }
  for (const FileTree::Entry& file : *files) {
    if (file.directory) continue;
    const std::string path = JoinPath(directory, file.name);
    if (file.name.ends_with(".crt")) entry.ca.push_back(path);
    if (!file.name.ends_with(".cert")) continue;
    const std::string key = path.substr(0, path.size() - 5) + ".key";
    const absl::StatusOr<FileTree::Kind> kind = tree.Stat(key);
    if (!kind.ok() && !absl::IsNotFound(kind.status())) return RefusedBy(kind.status(), key, "stat");
    entry.clients.emplace_back(path, kind.ok() ? key : "");
  }
  entry.has_ca = !entry.ca.empty();
  return entry;
}

}  // namespace tagdrift::hosts
