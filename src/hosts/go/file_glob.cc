#include "hosts/go/file_glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "hosts/go/host_url.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

// Longer than any path that the kernel takes.
constexpr std::size_t kMaxPattern = 4096;
// Directories that the front of a pattern matches.
constexpr std::size_t kMaxOnTheWay = 1000;

std::vector<std::string> Parts(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Nothing there, or nothing that leads further.
bool HoldsNoMatch(const absl::Status& status) { return absl::IsNotFound(status) || absl::IsFailedPrecondition(status); }

class Search {
 public:
  Search(const FileTree& tree, GlobBudget& budget, std::vector<std::string>& listed)
      : tree_(tree), budget_(budget), listed_(listed) {}

  absl::StatusOr<std::vector<std::string>> Run(const std::string& pattern) {
    std::vector<std::string> found = {pattern.starts_with('/') ? "/" : ""};
    const std::vector<std::string> parts = Parts(pattern);
    for (const std::string& part : parts) {
      const bool wild = part.find_first_of("*?[\\") != std::string::npos;
      next_.clear();
      most_ = &part == &parts.back() ? budget_.paths : kMaxOnTheWay;
      if (wild && &part == &parts.back()) listed_.insert(listed_.end(), found.begin(), found.end());
      for (const std::string& directory : found) {
        const absl::Status status = wild ? AddMatching(directory, part) : AddExisting(JoinPath(directory, part));
        if (!status.ok()) return status;
      }
      found = std::move(next_);
    }
    budget_.paths -= found.size();
    return found;
  }

 private:
  absl::Status AddMatching(const std::string& directory, const std::string& pattern) {
    if (budget_.directories == 0) return absl::ResourceExhaustedError("the patterns lead into too many directories");
    --budget_.directories;
    const absl::StatusOr<std::vector<FileTree::Entry>> entries = tree_.List(directory);
    if (!entries.ok()) return HoldsNoMatch(entries.status()) ? absl::OkStatus() : entries.status();
    for (const FileTree::Entry& entry : *entries) {
      if (fnmatch(pattern.c_str(), entry.name.c_str(), FNM_PATHNAME) != 0) continue;
      if (absl::Status status = Add(JoinPath(directory, entry.name)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddExisting(std::string path) {
    const absl::Status status = tree_.Stat(path).status();
    if (HoldsNoMatch(status)) return absl::OkStatus();
    // What may not be looked at is told by the one who reads it.
    if (!status.ok() && !absl::IsPermissionDenied(status)) return status;
    return Add(std::move(path));
  }

  absl::Status Add(std::string path) {
    if (next_.size() >= most_) return absl::ResourceExhaustedError("the patterns match too many files");
    next_.push_back(std::move(path));
    return absl::OkStatus();
  }

  const FileTree& tree_;
  GlobBudget& budget_;
  std::vector<std::string>& listed_;
  std::vector<std::string> next_;
  std::size_t most_ = 0;  ///< that `next_` may hold
};

}  // namespace

absl::StatusOr<std::vector<std::string>> Glob(const FileTree& tree, const std::string& pattern, GlobBudget& budget,
                                              std::vector<std::string>& listed) {
  if (pattern.size() > kMaxPattern) return absl::ResourceExhaustedError("the pattern is longer than a path can be");
  return Search(tree, budget, listed).Run(pattern);
}

}  // namespace tagdrift::hosts
