#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tagdrift/hosts/containerd_config.h"
#include "tree_folder.h"

// URLs with a password, each wrong in a way of its own: no note, error or reason may print any part of it.
namespace tagdrift::hosts {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ContainerdVersion kVersions[] = {{1, 6, 20}, {1, 7, 34}, {2, 1, 9}};

std::string AllText(const std::vector<Note>& notes) {
  std::string text;
  for (const Note& note : notes) text += note.detail + "\n";
  return text;
}

std::string AllText(const RegistryConfig& config) {
  return AllText(config.notes) + config.error.value_or("") + "\n" + config.unknown.value_or("");
}

TEST(SecretUrl, OfAHostIsNotPrinted) {
  const std::string files[] = {
      "[host.\"https://user:pl4nted@a b\"]\n",
      "[host.\"https://user:pl4nted@m:port\"]\n",
      "[host.\"https://user:pl4nted/x@m\"]\n",
      "[host.\"https://user:pl4nted#x@m:port\"]\n",
      "[host.\"https://user:pl4nted%zz@m\"]\n",
      "[host.\"https://user:pl4nted@m\"]\n[host.\"https://user:pl4nted@m\"]\n",
      "[host.\"https://user:pl4nted@m\"]\nserver = \"https://user:pl4nted@s\"\n",
      "[host.\"https://user:pl4nted@m\"\n",
      "[host.\"https://user:pl4nted@[m]\"]\n",
      "[host.\"https://user:pl4nted@m\"]\nca = 5\n",
      "[host]\n\"https://user:pl4nted@m\" = {}\n",
      "[host]\n\"https://user:pl4nted@m\" = 5\n",
      "[hosts.\"https://user:pl4nted@m\"]\n",
      "[\"https://user:pl4nted@m\"]\n",
      "\"https://user:pl4nted@m\" = 5\n",
      "[host.\"http-m:pl4nted@m\"]\n",
      "server = \"https://user:pl4nted@a b\"\n",
      "server = \"https://user:pl4nted@m\" x\n",
      "server = https://user:pl4nted@m\n",
  };
  for (const std::string& text : files) {
    SCOPED_TRACE(text);
    for (const ContainerdVersion version : kVersions) {
      RegistrySettings settings;
      settings.version = version;
      settings.config_path = "/certs";
      const TreeFolder folder({{"/certs/quay.io/hosts.toml", text}});
      EXPECT_THAT(AllText(LoadRegistryConfig(folder.Tree(), settings, "quay.io")), Not(HasSubstr("pl4nted")));
    }
  }
}

TEST(SecretUrl, OfALegacyMirrorIsNotPrinted) {
  for (const std::string endpoint : {"https://user:pl4nted@a b", "user:pl4nted@a b", "https://user:pl4nted@m"}) {
    SCOPED_TRACE(endpoint);
    RegistrySettings settings;
    settings.version = {1, 7, 34};
    settings.mirrors["quay.io"] = {endpoint};
    settings.endpoint_tls["m"] = {false, "/none.crt", "", ""};
    EXPECT_THAT(AllText(LoadRegistryConfig(TreeFolder().Tree(), settings, "quay.io")), Not(HasSubstr("pl4nted")));
  }
}

TEST(SecretUrl, InTheConfigurationIsNotPrinted) {
  const std::string registry = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n";
  for (const std::string line :
       {"auths.\"https://user:pl4nted@a b\".username = \"u\"", "configs.\"https://user:pl4nted@a\" = 5",
        "mirrors.\"https://user:pl4nted@a\" = 5", "mirrors.\"https://user:pl4nted@a\".endpoint = []",
        "config_path = https://user:pl4nted@a", "configs.\"user:pl4nted@a\".tls = {}",
        "\"https://user:pl4nted@a\" = 5"}) {
    SCOPED_TRACE(line);
    for (const ContainerdVersion version : kVersions) {
      const RegistrySettings settings = LoadRegistrySettings(TreeFolder({{"/c.toml", registry + line + "\n"}}).Tree(),
                                                             "/c.toml", version, std::nullopt);
      EXPECT_THAT(AllText(settings.notes) + settings.unknown.value_or(""), Not(HasSubstr("pl4nted")));
    }
  }
}

}  // namespace
}  // namespace tagdrift::hosts
