#pragma once

#include <string>
#include <vector>

#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::hosts {

/// The paths in `tree` that match `pattern` (`*`, `?`, `[…]` within a path part), in lexical order; at most `limit` + 1
/// of them. What cannot be listed holds no match, as in Go's filepath.Glob.
std::vector<std::string> Glob(const FileTree& tree, const std::string& pattern, std::size_t limit);

}  // namespace tagdrift::hosts
