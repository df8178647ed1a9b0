#include <gtest/gtest.h>

#include "tagdrift/hosts/registry_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

using Files = std::map<std::string, std::string>;

RegistrySettings SettingsFor(const std::string& config_path) {
  RegistrySettings settings;
  settings.version = {1, 7, 24};
  settings.config_path = config_path;
  return settings;
}

std::vector<std::string> Names(const TreeFolder& folder, const RegistrySettings& settings) {
  return ConfiguredRegistries(folder.Tree(), settings).registries;
}

TEST(ConfiguredRegistries, ReadsPortsFromDirectoryNames) {
  const TreeFolder folder(Files{{"certs.d/docker.io/", ""},
                                {"certs.d/registry_5000_/", ""},
                                {"certs.d/quay.io:443/", ""},
                                {"certs.d/_default/", ""}});
  EXPECT_EQ(Names(folder, SettingsFor("/certs.d")),
            (std::vector<std::string>{"docker.io", "quay.io:443", "registry:5000"}));
}

TEST(ConfiguredRegistries, KeepsNamesThatOnlyLookLikePorts) {
  const TreeFolder folder(
      {{"certs.d/my_registry/", ""}, {"certs.d/odd_/", ""}, {"certs.d/_80_/", ""}, {"certs.d/a_b_/", ""}});
  EXPECT_EQ(Names(folder, SettingsFor("/certs.d")), (std::vector<std::string>{"_80_", "a_b_", "my_registry", "odd_"}));
}

TEST(ConfiguredRegistries, JoinsSeveralRoots) {
  const TreeFolder folder(Files{{"a/docker.io/", ""}, {"b/docker.io/", ""}, {"b/quay.io/", ""}});
  EXPECT_EQ(Names(folder, SettingsFor("/a:/b:/missing")), (std::vector<std::string>{"docker.io", "quay.io"}));
}

TEST(ConfiguredRegistries, NamesWhatTheTransferServiceMissesForWantOfSplitting) {
  const TreeFolder folder(Files{{"a/docker.io/", ""}, {"b/quay.io/", ""}});
  RegistrySettings settings = SettingsFor("/a:/b");
  settings.pull_path = PullPath::kTransfer;
  EXPECT_EQ(Names(folder, settings), (std::vector<std::string>{"docker.io", "quay.io"}));
}

TEST(ConfiguredRegistries, NamesLegacyMirrorsButNotTheWildcard) {
  const TreeFolder folder(Files{});
  RegistrySettings settings = SettingsFor("");
  settings.mirrors = {{"*", {"https://m"}}, {"docker.io", {"https://m"}}};
  EXPECT_EQ(Names(folder, settings), (std::vector<std::string>{"docker.io"}));
}

}  // namespace
}  // namespace tagdrift::hosts
