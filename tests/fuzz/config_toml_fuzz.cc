#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tagdrift/hosts/containerd_config.h"

namespace {

/// A folder in memory with one file, which each run writes anew.
struct Folder {
  Folder() {
    std::string pattern = "/dev/shm/tagdrift-fuzz-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tagdrift::hosts;
  static const Folder folder;
  std::ofstream(folder.path + "/config.toml", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const FileTree tree = FileTree::Open(folder.path).value();
  constexpr ContainerdVersion kReleases[] = {{1, 7, 34}, {2, 0, 11}, {2, 2, 0}, {2, 3, 4}};
  for (const ContainerdVersion version : kReleases) {
    const RegistrySettings settings = LoadRegistrySettings(tree, "/config.toml", version, std::nullopt);
    if (!settings.unknown) LoadRegistryConfig(tree, settings, "docker.io");
  }
  return 0;
}
