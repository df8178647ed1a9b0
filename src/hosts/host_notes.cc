#include "host_notes.h"

#include <algorithm>

namespace tagdrift::hosts {

std::vector<std::string> Roots(const RegistrySettings& settings) {
  const std::string& path = settings.config_path;
  if (path.empty()) return {};
  if (settings.pull_path == PullPath::kTransfer) return {path};
  std::vector<std::string> roots;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    roots.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return roots;
}

void AddFileNotes(const TomlDocument& document, const std::vector<HostEntry>& entries, const std::string& path,
                  const std::string& registry, Release release, std::vector<Note>& notes) {
  (void)document, (void)entries, (void)path, (void)registry, (void)release, (void)notes;
}

}  // namespace tagdrift::hosts
