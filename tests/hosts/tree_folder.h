#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::hosts {

/// A temporary folder filled from literal text; removed with the object. A name that ends in "/" is an empty folder.
class TreeFolder {
 public:
  explicit TreeFolder(const std::map<std::string, std::string>& files = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tagdrift-tree-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    for (const auto& [name, text] : files) Write(name, text);
  }
  TreeFolder(const TreeFolder&) = delete;
  TreeFolder& operator=(const TreeFolder&) = delete;
  ~TreeFolder() { std::filesystem::remove_all(path_); }

  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = path_ / std::filesystem::path(name).relative_path();
    if (name.ends_with('/')) {
      std::filesystem::create_directories(path);
      return;
    }
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  const std::filesystem::path& path() const { return path_; }
  FileTree Tree() const { return FileTree::Open(path_.string()).value(); }

 private:
  std::filesystem::path path_;
};

}  // namespace tagdrift::hosts
