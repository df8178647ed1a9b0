#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tagdrift::serve {

/// Tells of changes in folders of the node: files written, made, removed or renamed there, links that are replaced
/// included. Thread safe.
class FileWatch {
 public:
  /// `root` is where the node's root is mounted. `changed` is called on a thread of its own, once for what happens at
  /// once. Errors: what the system says.
  static absl::StatusOr<std::unique_ptr<FileWatch>> Start(std::string root, std::function<void()> changed);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// Watches these folders and no others; paths on the node, links followed inside its root. What is not there is left
  /// out, so where a folder may come to be, the one above it has to be among them. At most 2,000. True if one was not
  /// watched before: what happened there until now has not been told.
  bool Watch(const std::vector<std::string>& folders);

 private:
  FileWatch(std::string root, std::function<void()> changed, int inotify, int wake)
      : root_(std::move(root)), changed_(std::move(changed)), inotify_(inotify), wake_(wake) {}
  void Run(const std::stop_token& stop);

  const std::string root_;
  const std::function<void()> changed_;
  const int inotify_;
  const int wake_;  ///< an eventfd
  std::mutex mutex_;
  std::map<std::string, int> watched_;  ///< watch by folder; mutex_
  std::jthread reading_;
};

}  // namespace tagdrift::serve
