#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::hosts {

/// What one Glob, or several together, may still cost.
struct GlobBudget {
  std::size_t directories;  ///< that are listed
  std::size_t paths;        ///< that are found
};

/// The paths in `tree` that match `pattern` (`*`, `?`, `[…]` within a path part), in lexical order, as Go's
/// filepath.Glob finds them: a directory that is not there holds no match. Adds the directories in which the last part
/// was looked for to `listed`. Errors: ResourceExhausted beyond `budget`; what else kept a directory from being listed.
absl::StatusOr<std::vector<std::string>> Glob(const FileTree& tree, const std::string& pattern, GlobBudget& budget,
                                              std::vector<std::string>& listed);

}  // namespace tagdrift::hosts
