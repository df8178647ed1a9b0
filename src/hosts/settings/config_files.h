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

/// The files in the order in which containerd merges them.
struct ConfigFiles {
  std::vector<ConfigFile> files;    ///< empty when there is none
  std::vector<std::string> listed;  ///< directories in which imports were looked for by pattern
};

/// containerd would not start with these files, or tagdrift cannot read them.
struct ConfigRefusal {
  std::string reason;
  std::string file;
  int line = 0;
  bool limit = false;  ///< tagdrift's own, which containerd does not have
};

/// Reads `path` and what it imports: breadth first, each file once. Bounded: 200 imports, 2 MiB.
std::variant<ConfigFiles, ConfigRefusal> ReadConfigFiles(const FileTree& tree, const std::string& path,
                                                         TomlDialect dialect);

}  // namespace tagdrift::hosts
