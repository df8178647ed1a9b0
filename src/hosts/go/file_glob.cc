#include "hosts/go/file_glob.h"

#include <fnmatch.h>

#include <algorithm>

#include "hosts/go/host_url.h"

namespace tagdrift::hosts {
namespace {

std::vector<std::string> Parts(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string> Matching(const FileTree& tree, const std::string& directory, const std::string& pattern) {
  std::vector<std::string> paths;
  const absl::StatusOr<std::vector<FileTree::Entry>> entries = tree.List(directory);
  if (!entries.ok()) return paths;
  for (const FileTree::Entry& entry : *entries) {
    if (fnmatch(pattern.c_str(), entry.name.c_str(), FNM_PATHNAME) == 0)
      paths.push_back(JoinPath(directory, entry.name));
  }
  return paths;
}

}  // namespace

std::vector<std::string> Glob(const FileTree& tree, const std::string& pattern, std::size_t limit) {
  std::vector<std::string> found = {pattern.starts_with('/') ? "/" : ""};
  for (const std::string& part : Parts(pattern)) {
    const bool wild = part.find_first_of("*?[\\") != std::string::npos;
    std::vector<std::string> next;
    for (const std::string& directory : found) {
      if (next.size() > limit) break;
      if (!wild) {
        next.push_back(JoinPath(directory, part));
        continue;
      }
      std::ranges::move(Matching(tree, directory, part), std::back_inserter(next));
    }
    if (next.size() > limit) next.resize(limit + 1);
    found = std::move(next);
  }
  std::erase_if(found, [&tree](const std::string& path) { return absl::IsNotFound(tree.Stat(path).status()); });
  return found;
}

}  // namespace tagdrift::hosts
