// Changes in folders of the node's root.
#include "serve/file_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "hosts/tree_folder.h"

namespace tagdrift::serve {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    folder_.Write("/etc/containerd/certs.d/registry.test/hosts.toml", "old");
    auto watch = FileWatch::Start(folder_.path(), [this] { ++told_; });
    EXPECT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
  }
  /// True once something has been told since the last call.
  bool IsTold() {
    for (int i = 0; i < 6000 && told_ == seen_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const bool told = told_ != seen_;
    seen_ = told_;
    return told;
  }
  fs::path In(const std::string& path) const { return folder_.path().string() + path; }

  hosts::TreeFolder folder_;
  std::atomic<int> told_ = 0;
  int seen_ = 0;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(FileWatchTest, TellsOfAnEdit) {
  watch_->Watch({"/etc/containerd/certs.d/registry.test"});
  folder_.Write("/etc/containerd/certs.d/registry.test/hosts.toml", "new");
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatchTest, SaysWhereNothingWasToldOf) {
  EXPECT_TRUE(watch_->Watch({"/etc/containerd"}));
  EXPECT_FALSE(watch_->Watch({"/etc/containerd"}));
  EXPECT_TRUE(watch_->Watch({"/etc/containerd", "/etc/containerd/certs.d"}));
  EXPECT_FALSE(watch_->Watch({"/etc/containerd/certs.d", "/not/there"}));
  fs::rename(In("/etc/containerd/certs.d"), In("/etc/containerd/old"));
  fs::create_directory(In("/etc/containerd/certs.d"));
  EXPECT_TRUE(watch_->Watch({"/etc/containerd/certs.d"})) << "another folder of the same name";
}

TEST_F(FileWatchTest, TellsOfANewFolder) {
  watch_->Watch({"/etc/containerd/certs.d"});
  folder_.Write("/etc/containerd/certs.d/other.test/hosts.toml", "new");
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatchTest, TellsOfALinkThatIsSwapped) {
  folder_.Write("/etc/containerd/v2/registry.test/hosts.toml", "new");
  fs::create_directory_symlink("/etc/containerd/certs.d", In("/etc/containerd/current"));
  watch_->Watch({"/etc/containerd", "/etc/containerd/current"});
  fs::create_directory_symlink("/etc/containerd/v2", In("/etc/containerd/next"));
  EXPECT_TRUE(IsTold());
  fs::rename(In("/etc/containerd/next"), In("/etc/containerd/current"));
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatchTest, AnAbsoluteLinkLeadsWithinTheRoot) {
  fs::create_directory_symlink("/etc/containerd/certs.d", In("/link"));
  watch_->Watch({"/link"});
  folder_.Write("/etc/containerd/certs.d/new.test/hosts.toml", "new");
  EXPECT_TRUE(IsTold());
}

TEST_F(FileWatchTest, FoldersThatAreNotWatchedAnyMoreAreQuiet) {
  folder_.Write("/elsewhere/file", "x");
  watch_->Watch({"/etc/containerd/certs.d/registry.test"});
  watch_->Watch({"/elsewhere", "/not/there"});
  folder_.Write("/etc/containerd/certs.d/registry.test/hosts.toml", "new");
  folder_.Write("/elsewhere/file", "y");
  EXPECT_TRUE(IsTold());
  EXPECT_LE(told_, 4) << "of one folder";
}

}  // namespace
}  // namespace tagdrift::serve
