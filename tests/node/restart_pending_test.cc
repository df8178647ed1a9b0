#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/daemon.h"
#include "plain_listener.h"
#include "tagdrift/node/settings.h"
#include "temporary_folder.h"

namespace tagdrift::node {
namespace {

using hosts::NoteKind;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kMain = "etc/containerd/config.toml";
constexpr const char* kDropIn = "etc/containerd/conf.d/10.toml";
const std::string kConfig =
    "version = 3\nimports = [\"conf.d/*.toml\"]\n[plugins.\"io.containerd.cri.v1.images\".registry]\n"
    "config_path = \"/a\"\n";

/// A node with a configuration, and a runtime that made its socket so long after the files were written.
class Node {
 public:
  explicit Node(absl::Duration socket_after_files) {
    folder_.Write(kMain, kConfig);
    folder_.Write(kDropIn, "");
    const timespec made = absl::ToTimespec(absl::Now() + socket_after_files);
    const timespec times[] = {made, made};
    EXPECT_EQ(::utimensat(AT_FDCWD, Socket().c_str(), times, 0), 0);
  }

  hosts::RegistrySettings Learn(const std::string& version, const SettingsOverrides& overrides = {},
                                const CriStatus& status = {}) const {
    return LearnSettings(*hosts::FileTree::Open(folder_.path()), {"containerd", version, "v1"}, status,
                         "unix://" + Socket(), overrides);
  }

  const TemporaryFolder& folder() const { return folder_; }

 private:
  std::string Socket() const { return folder_.path() + "/s"; }

  TemporaryFolder folder_;
  PlainListener listener_{Socket(), PlainListener::Manner::kSilent};
};

auto RestartPending() { return Contains(Field(&hosts::Note::kind, NoteKind::kRestartPending)); }

TEST(RestartPending, IsWhatAConfigurationYoungerThanTheSocketMeans) {
  const hosts::RegistrySettings settings = Node(-absl::Hours(1)).Learn("2.1.9");
  EXPECT_THAT(settings.notes, RestartPending());
  ASSERT_TRUE(settings.restart_pending);
  EXPECT_THAT(*settings.restart_pending, HasSubstr("/etc/containerd/config.toml changed at "));
  EXPECT_THAT(*settings.restart_pending, HasSubstr("--containerd-config"));
  EXPECT_EQ(settings.config_path, "/a");
}

TEST(RestartPending, IsNotWhereTheRuntimeStartedAfterwards) {
  const hosts::RegistrySettings settings = Node(absl::Hours(1)).Learn("2.1.9");
  EXPECT_THAT(settings.notes, Not(RestartPending()));
  EXPECT_FALSE(settings.restart_pending);
}

TEST(RestartPending, EndsWhereTheOperatorNamesTheFileThatHolds) {
  const Node node(-absl::Hours(1));
  SettingsOverrides named;
  named.containerd_config = std::string("/") + kMain;
  EXPECT_FALSE(node.Learn("2.1.9", named).restart_pending);
  SettingsOverrides path;
  path.registry_config_path = "/etc/containerd/conf.d";
  EXPECT_FALSE(node.Learn("2.1.9", path).restart_pending);
}

TEST(RestartPending, GoesByWhatContainerd1SaysInstead) {
  const Node node(-absl::Hours(1));
  CriStatus status;
  status.info["config"] = R"({"registry":{"configPath":"/running"}})";
  EXPECT_FALSE(node.Learn("1.7.24", {}, status).restart_pending);
  node.folder().Write(kMain, "version = 2\n");
  EXPECT_TRUE(node.Learn("1.7.24").restart_pending);
}

TEST(RestartPending, WatchesImportsAndTheDirectoryOfTheirPattern) {
  const Node node(absl::Hours(1));
  EXPECT_THAT(node.Learn("2.1.9").read_from,
              testing::UnorderedElementsAre("/etc/containerd/config.toml", "/etc/containerd/conf.d/10.toml",
                                            "/etc/containerd/conf.d"));
}

TEST(ChangedAt, IsTheTimeOfALinkThatWasSetAnew) {
  const TemporaryFolder folder;
  folder.Write("file", "x");
  const auto tree = hosts::FileTree::Open(folder.path());
  const absl::Time of_file = *tree->ChangedAt("/file");
  EXPECT_LE(of_file, absl::Now());
  ASSERT_EQ(::symlink("file", (folder.path() + "/link").c_str()), 0);
  struct stat link = {};
  ASSERT_EQ(::lstat((folder.path() + "/link").c_str(), &link), 0);
  EXPECT_EQ(*tree->ChangedAt("/link"), absl::TimeFromTimespec(link.st_ctim));
  EXPECT_TRUE(absl::IsNotFound(tree->ChangedAt("/none").status()));
}

// The kernel counts starts in hundredths of a second, cut off.
TEST(StartedAt, IsWhenTheProcessWasMade) {
  const absl::Duration slack = absl::Seconds(1);
  int pipe[2] = {};
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const absl::Time before = absl::Now();
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::close(pipe[1]);
    (void)!::read(pipe[0], &byte, 1);
    ::_exit(0);
  }
  const absl::Time after = absl::Now();
  const std::optional<absl::Time> start = StartedAt(child);
  for (const int end : pipe) ::close(end);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(start);
  EXPECT_GE(*start, before - slack);
  EXPECT_LE(*start, after + slack);
  EXPECT_EQ(StartedAt(child), std::nullopt);
}

}  // namespace
}  // namespace tagdrift::node
