#pragma once

#include <string>
#include <variant>
#include <vector>

#include "hosts/toml/document.h"
#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::hosts {

/// One file of containerd's configuration.
struct ConfigFile {
  std::string path;
  TomlValue root;   ///< each value's `source` is the file's index
  int version = 0;  ///< as stated; 0: not stated
};

/// containerd would not start with these files, or tagdrift cannot read them.
struct ConfigRefusal {
  std::string reason;
  std::string file;
  int line = 0;
  bool limit = false;
};

/// Reads `path` and what it imports, in the order in which containerd merges them: breadth first, each file once. Empty
/// when `path` does not exist.
std::variant<std::vector<ConfigFile>, ConfigRefusal> ReadConfigFiles(const FileTree& tree, const std::string& path,
                                                                     TomlDialect dialect);

}  // namespace tagdrift::hosts
