#pragma once

#include <string>

namespace tagdrift::lab {

/// A tar archive (ustar) of plain files, always the same for the same files.
class Tar {
 public:
  /// `path` is at most 99 characters. Folders on the way are added by whoever unpacks.
  void Add(const std::string& path, const std::string& content, int mode = 0644);

  /// The archive with its end mark.
  std::string Bytes() const;

 private:
  std::string entries_;
};

}  // namespace tagdrift::lab
