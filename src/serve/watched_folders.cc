#include "serve/watched_folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string_view>

#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/judge/tag_facts.h"

namespace tagdrift::serve {
namespace {

std::string FolderOf(const std::string& path) { return std::filesystem::path(path).parent_path(); }

}  // namespace

std::vector<std::string> WatchedFolders(const report::Round& round, const std::string& host_root) {
  std::set<std::string> folders;
  for (const std::string& path : round.settings.read_from) folders.insert({path, FolderOf(path)});
  const auto tree = hosts::FileTree::Open(host_root);
  const std::string_view roots = round.settings.config_path;
  for (std::size_t begin = 0; begin < roots.size();) {
    const std::size_t end = std::min(roots.find(':', begin), roots.size());
    const std::string root(roots.substr(begin, end - begin));
    begin = end + 1;
    folders.insert({root, FolderOf(root)});
    if (!tree.ok()) continue;
    const auto entries = tree->List(root);
    if (!entries.ok()) continue;
    for (const hosts::FileTree::Entry& entry : *entries) folders.insert(root + "/" + entry.name);
  }
  for (const auto& [registry, route] : round.routes) {
    for (const auto& host : route.hosts) {
      for (const hosts::PemFile& file : host->ca) folders.insert(FolderOf(file.path));
      for (const hosts::ClientPair& pair : host->clients) {
        folders.insert({FolderOf(pair.certificate.path), FolderOf(pair.key.path)});
      }
    }
  }
  folders.erase("");
  return {folders.begin(), folders.end()};
}

std::string LoadOf(const report::Round& round, absl::Duration interval, int unused_every) {
  double a_round = 0;
  for (const report::JudgedTag& tag : round.tags) {
    const auto asked = std::ranges::count_if(
        tag.facts.answers, [](const auto& entry) { return entry.first.kind == judge::QueryKind::kTag; });
    const bool used = tag.facts.image.IsUsed();
    a_round += static_cast<double>(asked) / (used ? 1 : unused_every);
  }
  const double an_hour = a_round * absl::ToDoubleHours(absl::Hours(1)) / absl::ToDoubleHours(interval);
  const auto of_nodes = [&](int nodes) { return static_cast<long long>(std::ceil(an_hour * nodes)); };
  return fmt::format("about {} requests an hour to registries for this node, {} for 100 and {} for 3,000 such nodes",
                     of_nodes(1), of_nodes(100), of_nodes(3000));
}

}  // namespace tagdrift::serve
