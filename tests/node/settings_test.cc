#include "tagdrift/node/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.h"

namespace tagdrift::node {
namespace {

using hosts::NoteKind;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

constexpr const char* kDefaultFile = "etc/containerd/config.toml";

/// Nothing listens there.
constexpr const char* kNoSocket = "unix:///tagdrift-test/none.sock";

std::string Version2File(const std::string& registry) {
  return "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n" + registry;
}

std::string Version3File(const std::string& registry) {
  return "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\n" + registry;
}

CriVersion Containerd(const std::string& version) { return {"containerd", version, "v1"}; }

CriStatus Reporting(const std::string& config) {
  CriStatus status;
  status.info["config"] = config;
  return status;
}

/// A node's root in a temporary folder, and what is learned from it.
struct Root {
  TemporaryFolder folder;
  std::string endpoint = kNoSocket;
  SettingsOverrides overrides;

  hosts::RegistrySettings Learn(const std::string& version, const CriStatus& status = {}) {
    return LearnSettings(*hosts::FileTree::Open(folder.path()), Containerd(version), status, endpoint, overrides);
  }
};

auto NoteOf(NoteKind kind) { return Contains(Field(&hosts::Note::kind, kind)); }

TEST(LearnSettings, ReadsTheDefaultFile) {
  Root root;
  root.folder.Write(kDefaultFile, Version3File("config_path = \"/a\"\n"));
  const hosts::RegistrySettings settings = root.Learn("v2.1.9");
  EXPECT_EQ(settings.config_path, "/a");
  EXPECT_EQ(settings.unknown, std::nullopt);
  EXPECT_EQ(settings.version, (hosts::ContainerdVersion{2, 1, 9}));
}

TEST(LearnSettings, PrefersWhatARunningContainerd1Says) {
  Root root;
  root.folder.Write(kDefaultFile, Version2File("config_path = \"/file\"\n"));
  const hosts::RegistrySettings settings =
      root.Learn("1.7.24~ds1-6",
                 Reporting(R"({"registry":{"configPath":"/running","mirrors":{"docker.io":{"endpoint":["https://m"]}},
                    "headers":{"X-A":["1","2"]}}})"));
  EXPECT_EQ(settings.config_path, "/running");
  EXPECT_THAT(settings.mirrors, ElementsAre(Pair("docker.io", ElementsAre("https://m"))));
  EXPECT_THAT(settings.headers, ElementsAre(Pair("X-A", ElementsAre("1", "2"))));
  EXPECT_EQ(settings.source, "the running containerd");
  EXPECT_THAT(settings.notes,
              Contains(AllOf(Field(&hosts::Note::kind, NoteKind::kRestartPending),
                             Field(&hosts::Note::file, "/etc/containerd/config.toml"),
                             Field(&hosts::Note::detail, AllOf(HasSubstr("\"/file\""), HasSubstr("\"/running\""))))));
}

TEST(LearnSettings, NotesNothingWhenFileAndDaemonAgree) {
  Root root;
  root.folder.Write(kDefaultFile, Version2File("config_path = \"/a\"\n"));
  const hosts::RegistrySettings settings =
      root.Learn("1.6.20~ds1", Reporting(R"({"registry":{"configPath":"/a","mirrors":null,"headers":null}})"));
  EXPECT_EQ(settings.config_path, "/a");
  EXPECT_THAT(settings.notes, Not(NoteOf(NoteKind::kRestartPending)));
}

TEST(LearnSettings, KeepsHeaderValuesOutOfNotes) {
  Root root;
  root.folder.Write(kDefaultFile, Version2File("config_path = \"/a\"\n"));
  const hosts::RegistrySettings settings = root.Learn(
      "1.6.20", Reporting(R"({"registry":{"configPath":"/a","headers":{"Authorization":["Bearer planted"]}}})"));
  EXPECT_THAT(settings.notes, NoteOf(NoteKind::kRestartPending));
  for (const hosts::Note& note : settings.notes) EXPECT_THAT(note.detail, Not(HasSubstr("planted")));
}

TEST(LearnSettings, FallsBackToTheFileWhenTheDaemonsAnswerIsUnusable) {
  for (const std::string config : {"", "not json", "[]", "{}", R"({"registry":"x"})"}) {
    SCOPED_TRACE(config);
    Root root;
    root.folder.Write(kDefaultFile, Version2File("config_path = \"/file\"\n"));
    EXPECT_EQ(root.Learn("1.7.24", Reporting(config)).config_path, "/file");
  }
}

TEST(LearnSettings, IgnoresTheStatusOfContainerd2) {
  Root root;
  root.folder.Write(kDefaultFile, Version3File("config_path = \"/file\"\n"));
  EXPECT_EQ(root.Learn("2.1.9", Reporting(R"({"registry":{"configPath":"/status"}})")).config_path, "/file");
}

TEST(LearnSettings, TakesTheDaemonsAnswerWhenTheFileCannotBeRead) {
  Root root;
  root.folder.Write(kDefaultFile, "not toml [");
  const hosts::RegistrySettings settings = root.Learn("1.7.24", Reporting(R"({"registry":{"configPath":"/running"}})"));
  EXPECT_EQ(settings.config_path, "/running");
  EXPECT_EQ(settings.unknown, std::nullopt);
  EXPECT_THAT(settings.notes, Not(NoteOf(NoteKind::kRestartPending)));
}

TEST(LearnSettings, ReadsTheFileThatTheOperatorNames) {
  Root root;
  root.overrides.containerd_config = "/opt/c.toml";
  root.folder.Write("opt/c.toml", Version3File("config_path = \"/named\"\n"));
  root.folder.Write(kDefaultFile, Version3File("config_path = \"/default\"\n"));
  EXPECT_EQ(root.Learn("2.1.9").config_path, "/named");
}

TEST(LearnSettings, IsUnknownWhenANamedFileIsNotThere) {
  Root root;
  root.overrides.containerd_config = "/opt/c.toml";
  const hosts::RegistrySettings settings = root.Learn("2.1.9");
  ASSERT_TRUE(settings.unknown.has_value());
  EXPECT_THAT(*settings.unknown, HasSubstr("--containerd-config"));
  EXPECT_THAT(settings.notes, NoteOf(NoteKind::kUnreadable));
}

TEST(LearnSettings, ReadsTheDistributionsFileWhenTheSocketIsTheirs) {
  struct Case {
    const char* name;
    std::string socket;
    std::string file;
  };
  const Case cases[] = {
      {"k3s", "/run/k3s/containerd/containerd.sock", "var/lib/rancher/k3s/agent/etc/containerd/config.toml"},
      {"RKE2", "/run/k3s/containerd/containerd.sock", "var/lib/rancher/rke2/agent/etc/containerd/config.toml"},
      {"microk8s", "/var/snap/microk8s/common/run/containerd.sock", "var/snap/microk8s/current/args/containerd.toml"},
      {"k0s", "/run/k0s/containerd.sock", "etc/k0s/containerd.toml"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Root root;
    root.folder.Write(kDefaultFile, Version3File("config_path = \"/default\"\n"));
    root.folder.Write(c.file, Version3File("config_path = \"/theirs\"\n"));
    EXPECT_EQ(root.Learn("2.1.9").config_path, "/default");
    // Below a mount point, so that no socket of the machine that runs the test is meant.
    root.endpoint = "unix:///tagdrift-test" + c.socket;
    EXPECT_EQ(root.Learn("2.1.9").config_path, "/theirs");
  }
}

TEST(LearnSettings, TakesTheOperatorsConfigPathOverEverything) {
  Root root;
  root.overrides.registry_config_path = "/x:/y";
  root.folder.Write(kDefaultFile, Version2File("config_path = \"/file\"\n"));
  const hosts::RegistrySettings settings =
      root.Learn("1.7.24", Reporting(R"({"registry":{"mirrors":{"docker.io":{"endpoint":["https://m"]}}}})"));
  EXPECT_EQ(settings.config_path, "/x:/y");
  EXPECT_THAT(settings.mirrors, IsEmpty());
  EXPECT_EQ(settings.source, "--registry-config-path");
}

TEST(LearnSettings, TakesTheOperatorsVersionAndPullPath) {
  Root root;
  root.overrides.version = hosts::ContainerdVersion{2, 2, 0};
  root.overrides.pull_path = hosts::PullPath::kTransfer;
  root.folder.Write(kDefaultFile, Version3File("config_path = \"/a\"\n"));
  const hosts::RegistrySettings settings = root.Learn("unreadable");
  EXPECT_EQ(settings.version, (hosts::ContainerdVersion{2, 2, 0}));
  EXPECT_EQ(settings.pull_path, hosts::PullPath::kTransfer);
  EXPECT_EQ(settings.unknown, std::nullopt);
}

TEST(LearnSettings, IsUnknownForAnotherRuntimeAndForAnUnreadableVersion) {
  Root root;
  const auto tree = hosts::FileTree::Open(root.folder.path());
  for (const CriVersion& version : {CriVersion{"cri-o", "1.30.0", "v1"}, CriVersion{"containerd", "next", "v1"}}) {
    const hosts::RegistrySettings settings = LearnSettings(*tree, version, {}, kNoSocket, {});
    ASSERT_TRUE(settings.unknown.has_value());
    EXPECT_THAT(*settings.unknown, HasSubstr(version.runtime_version));
    EXPECT_THAT(settings.notes, NoteOf(NoteKind::kUnreadable));
  }
}

}  // namespace
}  // namespace tagdrift::node
