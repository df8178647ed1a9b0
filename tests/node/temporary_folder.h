#pragma once

#include <string>

namespace tagdrift::node {

/// A folder that is gone with everything in it when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

  /// Writes `text` to `file` below the folder, with the folders it needs.
  void Write(const std::string& file, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace tagdrift::node
