#include "temporary_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace tagdrift::node {

TemporaryFolder::TemporaryFolder() : path_("/tmp/tagdrift-node-XXXXXX") { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

void TemporaryFolder::Write(const std::string& file, const std::string& text) const {
  const std::filesystem::path path = path_ + "/" + file;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace tagdrift::node
