#include "disk.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

std::string BelowRoot(const hosts::FileTree& tree, const std::string& path) {
  return (tree.root() == "/" ? "" : tree.root()) + path;
}

}  // namespace

judge::Disk ReadDisk(node::CriClient& cri, const hosts::FileTree& tree, const CallContext& context) {
  judge::Disk disk;
  const auto filesystems = cri.ImageFsInfo(context);
  if (!filesystems.ok() || filesystems->empty() || filesystems->front().mountpoint.empty()) {
    disk.unknown =
        filesystems.ok() ? "the runtime does not say where it keeps images" : text::MessageOf(filesystems.status());
    return disk;
  }
  disk.path = filesystems->front().mountpoint;
  struct statvfs usage {};
  if (statvfs(BelowRoot(tree, disk.path).c_str(), &usage) != 0) {
    disk.unknown = fmt::format("{} cannot be reached from here: {}", disk.path, std::strerror(errno));
    return disk;
  }
  const auto block = static_cast<std::int64_t>(usage.f_frsize);
  disk.capacity = block * static_cast<std::int64_t>(usage.f_blocks);
  disk.available = block * static_cast<std::int64_t>(usage.f_bavail);
  return disk;
}

}  // namespace tagdrift::agent
