#include "tagdrift/record/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace tagdrift::record {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = testing::TempDir() + "/record.XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~FileTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(Path(name)) << text; }

  std::string folder_;
};

TEST_F(FileTest, IsReplacedAndOnlyItsOwnerReadsIt) {
  Write("a", "old");
  ASSERT_TRUE(ReplaceFile(Path("a"), Path("a.new"), "new").ok());
  EXPECT_EQ(*ReadWhole(Path("a"), 100), "new");
  struct stat status {};
  ASSERT_EQ(stat(Path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_FALSE(fs::exists(Path("a.new")));
}

TEST_F(FileTest, IsReplacedOverWhatAKilledWriterLeft) {
  Write("a.new", "half of a longer te");
  ASSERT_TRUE(ReplaceFile(Path("a"), Path("a.new"), "new").ok());
  EXPECT_EQ(*ReadWhole(Path("a"), 100), "new");
}

TEST_F(FileTest, StaysAsItIsWhereItCannotBeReplaced) {
  Write("a", "old");
  EXPECT_FALSE(ReplaceFile(Path("a"), Path("missing/a.new"), "new").ok());
  fs::create_directories(Path("b/full"));
  EXPECT_FALSE(ReplaceFile(Path("b"), Path("b.new"), "new").ok());
  EXPECT_FALSE(fs::exists(Path("b.new")));
  EXPECT_EQ(*ReadWhole(Path("a"), 100), "old");
}

/// Whoever can make a link of the name that is written first would have another file overwritten.
TEST_F(FileTest, DoesNotWriteThroughALink) {
  Write("other", "precious");
  fs::create_symlink(Path("other"), Path("a.new"));
  ASSERT_TRUE(ReplaceFile(Path("a"), Path("a.new"), "new").ok());
  EXPECT_EQ(*ReadWhole(Path("other"), 100), "precious");
}

TEST_F(FileTest, IsNotReadAboveItsBound) {
  Write("a", "12345");
  EXPECT_EQ(*ReadWhole(Path("a"), 5), "12345");
  EXPECT_TRUE(absl::IsResourceExhausted(ReadWhole(Path("a"), 4).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadWhole(Path("none"), 5).status()));
}

}  // namespace
}  // namespace tagdrift::record
