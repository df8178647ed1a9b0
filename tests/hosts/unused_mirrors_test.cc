#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "releases.h"
#include "tagdrift/hosts/containerd_config.h"
#include "tree_folder.h"

// Mirrors that are written down and that containerd never asks: each must be told with a severity that makes
// `tagdrift mirrors` exit with 1.
namespace tagdrift::hosts {
namespace {

using testing::HasSubstr;

using Files = std::map<std::string, std::string>;

/// "line: detail" of the notes that tell of an unused mirror.
std::string Unused(const std::vector<Note>& notes) {
  std::string told;
  for (const Note& note : notes) {
    if (SeverityOf(note.kind) != Severity::kMirrorUnused) continue;
    told += std::to_string(note.line) + ": " + note.detail + "\n";
  }
  return told;
}

RegistryConfig Load(const Files& files, const std::string& registry, ContainerdVersion version = k21) {
  RegistrySettings settings;
  settings.version = version;
  settings.config_path = "/certs";
  return LoadRegistryConfig(TreeFolder(files).Tree(), settings, registry);
}

std::string UnusedIn(const std::string& text, ContainerdVersion version = k21) {
  return Unused(Load({{"/certs/quay.io/hosts.toml", text}}, "quay.io", version).notes);
}

TEST(UnusedMirror, InATableThatIsCalledHosts) {
  const std::string text = "server = \"https://quay.io\"\n[hosts.\"https://m\"]\n";
  for (const ContainerdVersion version : {k17, k21}) {
    EXPECT_EQ(UnusedIn(text, version), "2: hosts in [hosts] are never asked: write [host.\"…\"]\n");
  }
  EXPECT_THAT(UnusedIn("[[hosts]]\nurl = \"https://m\"\n"), HasSubstr("hosts in [hosts] are never asked"));
  EXPECT_THAT(UnusedIn("[Host.\"https://m\"]\n", k17), HasSubstr("hosts in [Host] are never asked"));
}

TEST(UnusedMirror, InATableWithoutHostInFront) {
  EXPECT_EQ(UnusedIn("[\"https://m\"]\ncapabilities = [\"pull\"]\n"),
            "1: the table \"https://m\" is never asked as a host: write [host.\"https://m\"]\n");
  EXPECT_THAT(UnusedIn("[mirror.\"https://m\"]\n"), HasSubstr("1: the table \"mirror\" is never asked as a host"));
}

TEST(UnusedMirror, WithDotsButWithoutQuotes) {
  EXPECT_EQ(UnusedIn("[host.mirror.corp.example]\n"),
            "1: [host.mirror.corp.example] is no host mirror.corp.example: write [host.\"mirror.corp.example\"]\n");
}

TEST(UnusedMirror, InAnotherHostsTable) {
  EXPECT_THAT(UnusedIn("[host.\"https://a\"]\n[host.\"https://a\".host.\"https://b\"]\n"),
              HasSubstr("hosts in another host's table are never asked"));
}

TEST(UnusedMirror, AsServerBelowATable) {
  EXPECT_THAT(UnusedIn("[host.\"https://a\"]\nserver = \"https://s\"\n"),
              HasSubstr("2: this \"server\" is never asked"));
}

TEST(UnusedMirror, IsNotWhatAPlainUnknownKeyIs) {
  EXPECT_EQ(UnusedIn("weight = 1\n[host.\"https://a\"]\nfoo = 1\n[host.\"https://a\".sub]\nx = 1\n"), "");
}

TEST(UnusedMirror, InAFileThatIsCalledHostToml) {
  for (const std::string name : {"host.toml", "Hosts.toml", "hosts.tml", "config.toml"}) {
    const RegistryConfig config = Load({{"/certs/quay.io/" + name, "[host.\"https://m\"]\n"}}, "quay.io");
    ASSERT_EQ(config.notes.size(), 1U) << name;
    EXPECT_EQ(config.notes[0].file, "/certs/quay.io/" + name);
    EXPECT_EQ(Unused(config.notes), "0: the file is never read: its name has to be hosts.toml\n");
  }
  EXPECT_EQ(Unused(Load({{"/certs/quay.io/hosts.toml", "[host.\"https://m\"]\n"}, {"/certs/quay.io/host.toml", ""}},
                        "quay.io")
                       .notes),
            "");
}

ConfiguredNames Names(const Files& files) {
  RegistrySettings settings;
  settings.version = k21;
  settings.config_path = "/certs";
  return ConfiguredRegistries(TreeFolder(files).Tree(), settings);
}

TEST(UnusedMirror, OfDockerHubUnderAnotherName) {
  const Files files = {{"/certs/registry-1.docker.io/hosts.toml", ""}};
  EXPECT_EQ(Names(files).registries, (std::vector<std::string>{"docker.io", "registry-1.docker.io"}));
  EXPECT_THAT(Unused(Load(files, "docker.io").notes), HasSubstr("is never used for docker.io"));
  EXPECT_EQ(Names({{"/certs/index.docker.io/", ""}}).registries, (std::vector<std::string>{"docker.io"}));
}

TEST(UnusedMirror, OfARegistryInAnotherSpelling) {
  EXPECT_EQ(Names({{"/certs/Quay.io/", ""}}).registries, (std::vector<std::string>{"Quay.io", "quay.io"}));
  EXPECT_EQ(Names({{"/certs/registry_5000/", ""}}).registries,
            (std::vector<std::string>{"registry:5000", "registry_5000"}));
}

TEST(UnusedMirror, InADirectoryThatNoReferenceLeadsTo) {
  EXPECT_EQ(Unused(Names({{"/certs/dockerhub/hosts.toml", ""}}).notes),
            "0: the file is never used: no reference has a registry called \"dockerhub\"\n");
  EXPECT_EQ(Unused(Names({{"/certs/backup/", ""}, {"/certs/quay.io/hosts.toml", ""}}).notes), "");
}

TEST(UnusedMirror, InAFileBesideTheDirectories) {
  const ConfiguredNames found = Names({{"/certs/hosts.toml", ""}, {"/certs/readme", ""}});
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_EQ(found.notes[0].file, "/certs/hosts.toml");
  EXPECT_NE(Unused(found.notes), "");
}

TEST(UnusedMirror, InADirectoryThatIsNotThere) {
  RegistrySettings settings;
  settings.config_path = "/none:/certs";
  const std::vector<Note> notes =
      MissingRoots(TreeFolder(Files{{"/certs/quay.io/", ""}}).Tree(), settings, "--registry-config-path");
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].file, "/none");
  EXPECT_THAT(Unused(notes), HasSubstr("no such directory, but --registry-config-path names it"));
}

std::string UnusedInConfig(const std::string& text, ContainerdVersion version) {
  return Unused(LoadRegistrySettings(TreeFolder({{kMain, text}}).Tree(), kMain, version, std::nullopt).notes);
}

const std::string kOldName = "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/x\"\n";
const std::string kNewName = "[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/x\"\n";

TEST(UnusedMirror, UnderAPluginNameOfAnotherVersion) {
  EXPECT_THAT(
      UnusedInConfig("version = 3\n" + kOldName, k21),
      HasSubstr("2: the registry settings in plugin \"io.containerd.grpc.v1.cri\" are not read: containerd 2.1.9 "
                "looks in [plugins.\"io.containerd.cri.v1.images\".registry]"));
  EXPECT_THAT(UnusedInConfig("version = 2\n" + kNewName, k17), HasSubstr("2: the registry settings in plugin"));
  EXPECT_THAT(UnusedInConfig(kOldName, k17), HasSubstr("is `version = 2` missing?"));
  EXPECT_EQ(UnusedInConfig("version = 3\n" + kOldName, k23), "");
  EXPECT_EQ(UnusedInConfig("version = 2\n" + kNewName, k21), "");
}

TEST(UnusedMirror, UnderASlipOfThePluginName) {
  EXPECT_THAT(
      UnusedInConfig("version = 3\n[plugins.\"io.containerd.cri.v1.image\".registry]\nconfig_path = \"/x\"\n", k21),
      HasSubstr("2: the registry settings in plugin \"io.containerd.cri.v1.image\" are not read"));
}

TEST(UnusedMirror, UnderAPathBesideTheRegistryTable) {
  EXPECT_THAT(UnusedInConfig("version = 3\n[plugins.\"io.containerd.cri.v1.images\"]\nconfig_path = \"/x\"\n", k21),
              HasSubstr("3: this config_path is not used"));
  const std::string transfer = "[plugins.\"io.containerd.transfer.v1.local\"]\nconfig_path = \"/x\"\n";
  EXPECT_THAT(UnusedInConfig("version = 3\n" + transfer, k21), HasSubstr("3: this config_path is not used"));
  EXPECT_EQ(UnusedInConfig("version = 3\n" + kNewName + transfer, k21), "");
}

TEST(UnusedMirror, UnderASlipOfItsKey) {
  const std::string registry = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n";
  EXPECT_THAT(UnusedInConfig(registry + "config-path = \"/x\"\n", k17), HasSubstr("did you mean \"config_path\"?"));
  EXPECT_THAT(UnusedInConfig(registry + "mirror.\"docker.io\".endpoint = [\"https://m\"]\n", k17),
              HasSubstr("did you mean \"mirrors\"?"));
  EXPECT_THAT(UnusedInConfig(registry + "mirrors.\"docker.io\".endpoints = [\"https://m\"]\n", k17),
              HasSubstr("did you mean \"endpoint\"?"));
  EXPECT_THAT(UnusedInConfig(registry + "mirrors.\"https://quay.io\".endpoint = [\"https://m\"]\n", k17),
              HasSubstr("mirrors of \"https://quay.io\" are never used"));
}

TEST(IgnoredFile, IsToldAPersonsReason) {
  const Note note = Load({{"/certs/quay.io/hosts.toml", "\nserver = \"https://m\"\n"}}, "quay.io", k16).notes.front();
  EXPECT_EQ(note.line, 2);
  EXPECT_EQ(note.detail,
            "this containerd ignores a file without a [host.\"…\"] table, also its \"server\": write "
            "[host.\"https://m\"] as well");
}

}  // namespace
}  // namespace tagdrift::hosts
