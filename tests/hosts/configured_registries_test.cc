#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::hosts {
namespace {

namespace fs = std::filesystem;

/// A folder with the given directories, gone afterwards.
class Folder {
 public:
  explicit Folder(const std::vector<std::string>& directories) {
    std::string name = (fs::temp_directory_path() / "registries-XXXXXX").string();
    root_ = mkdtemp(name.data());
    for (const std::string& directory : directories) fs::create_directories(root_ / directory);
  }
  ~Folder() { fs::remove_all(root_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  FileTree Tree() const { return *FileTree::Open(root_.string()); }

 private:
  fs::path root_;
};

RegistrySettings SettingsFor(const std::string& config_path) {
  RegistrySettings settings;
  settings.version = {1, 7, 24};
  settings.config_path = config_path;
  return settings;
}

TEST(ConfiguredRegistries, ReadsPortsFromDirectoryNames) {
  const Folder folder({"certs.d/docker.io", "certs.d/registry_5000_", "certs.d/quay.io:443", "certs.d/_default"});
  EXPECT_EQ(ConfiguredRegistries(folder.Tree(), SettingsFor("/certs.d")),
            (std::vector<std::string>{"docker.io", "quay.io:443", "registry:5000"}));
}

TEST(ConfiguredRegistries, KeepsNamesThatOnlyLookLikePorts) {
  const Folder folder({"certs.d/my_registry", "certs.d/odd_", "certs.d/_80_", "certs.d/a_b_"});
  EXPECT_EQ(ConfiguredRegistries(folder.Tree(), SettingsFor("/certs.d")),
            (std::vector<std::string>{"_80_", "a_b_", "my_registry", "odd_"}));
}

TEST(ConfiguredRegistries, JoinsSeveralRoots) {
  const Folder folder({"a/docker.io", "b/docker.io", "b/quay.io"});
  EXPECT_EQ(ConfiguredRegistries(folder.Tree(), SettingsFor("/a:/b:/missing")),
            (std::vector<std::string>{"docker.io", "quay.io"}));
}

TEST(ConfiguredRegistries, NamesLegacyMirrorsButNotTheWildcard) {
  const Folder folder({});
  RegistrySettings settings = SettingsFor("");
  settings.mirrors = {{"*", {"https://m"}}, {"docker.io", {"https://m"}}};
  EXPECT_EQ(ConfiguredRegistries(folder.Tree(), settings), (std::vector<std::string>{"docker.io"}));
}

}  // namespace
}  // namespace tagdrift::hosts
