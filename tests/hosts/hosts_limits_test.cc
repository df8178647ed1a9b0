#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "releases.h"
#include "tagdrift/hosts/containerd_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

using Files = std::map<std::string, std::string>;

constexpr const char* kHosts = "/certs/quay.io/hosts.toml";

RegistryConfig LoadHosts(const TreeFolder& folder, ContainerdVersion version = k21) {
  RegistrySettings settings;
  settings.version = version;
  settings.config_path = "/certs";
  return LoadRegistryConfig(folder.Tree(), settings, "quay.io");
}

RegistryConfig LoadHosts(const std::string& text, ContainerdVersion version = k21) {
  return LoadHosts(TreeFolder({{kHosts, text}}), version);
}

RegistrySettings LoadSettings(const TreeFolder& folder) {
  return LoadRegistrySettings(folder.Tree(), kMain, k17, std::nullopt);
}

/// "file:line" of the one note that says so.
std::string LimitAt(const std::vector<Note>& notes) {
  std::string places;
  for (const Note& note : notes) {
    if (note.kind == NoteKind::kLimitExceeded) places += note.file + ":" + std::to_string(note.line);
  }
  return places;
}

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string Certificate() {
  std::ifstream file(TAGDRIFT_TEST_DATA "/hosts/one.crt");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Each of these reached the TOML parser and overflowed its stack.
TEST(NestingLimit, SeesBracketsBehindAStringThatEndsWithFourQuotes) {
  for (const std::string text :
       {"a = [\"\"\"x\"\"\"\", ", "a = [\"\"\"x\"\"\"\"\", ", "a = ['''x'''', ", "a = ['''x''''', "}) {
    SCOPED_TRACE(text);
    const std::string attack = text + std::string(15'000, '[') + "\n";
    for (const ContainerdVersion version : {k16, k21}) {
      const RegistryConfig config = LoadHosts(attack, version);
      EXPECT_TRUE(config.unknown);
      EXPECT_EQ(LimitAt(config.notes), std::string(kHosts) + ":1");
    }
    const RegistrySettings settings = LoadSettings(TreeFolder({{kMain, attack}}));
    EXPECT_TRUE(settings.unknown);
    EXPECT_EQ(LimitAt(settings.notes), std::string(kMain) + ":1");
  }
}

TEST(NestingLimit, LetsAStringBeWhatItIs) {
  EXPECT_FALSE(LoadHosts("a = [\"\"\"x\"\"\"\", \"" + std::string(200, '[') + "\"]\n").unknown);
  EXPECT_FALSE(LoadHosts("a = \"\"\"\"\"\" # " + std::string(200, '[') + "\n").unknown);
}

TEST(NestingLimit, CountsTheDotsOfKeysWithTheBracketsAroundThem) {
  std::string text = "a = ";
  for (int i = 0; i < 20; ++i) text += "{" + Repeated("k.", 10) + "k = ";
  EXPECT_EQ(LimitAt(LoadHosts(text + "1" + std::string(20, '}') + "\n").notes), std::string(kHosts) + ":1");
  EXPECT_FALSE(
      LoadHosts(Repeated("a = [1.5, 2.5]\nb.c.d = 1.5\n", 1) + "e = [" + Repeated("1.5,", 500) + "]\n").unknown);
}

TEST(ValueLimit, RefusesAFileOfManySmallValues) {
  const RegistryConfig config = LoadHosts("a = [\n" + Repeated("1,1,1,1,1,1,1,1,1,1,\n", 3'000) + "]\n");
  EXPECT_EQ(LimitAt(config.notes), std::string(kHosts) + ":2001");
  EXPECT_TRUE(config.unknown);
}

TEST(HostsLimit, RefusesAListingOfFortyThousandHosts) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "[host.\"h" + std::to_string(i) + "\"]\n";
  const RegistryConfig config = LoadHosts(text);
  EXPECT_TRUE(config.unknown);
  EXPECT_THAT(config.hosts, IsEmpty());
  EXPECT_EQ(LimitAt(config.notes), std::string(kHosts) + ":20001");
}

TEST(HostsLimit, TakesAHundredHostsAndNoMore) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "[host.\"https://h" + std::to_string(i) + "\"]\n";
  for (const ContainerdVersion version : {k17, k21}) {
    EXPECT_EQ(LoadHosts(text, version).hosts.size(), 101U);
    const RegistryConfig config = LoadHosts(text + "[host.\"https://more\"]\n", version);
    EXPECT_EQ(config.unknown, std::string(kHosts) + " has more than 100 hosts");
    EXPECT_EQ(LimitAt(config.notes), std::string(kHosts) + ":101");
  }
}

// Two hosts, but 2.x lists one anew for each line that names it.
TEST(HostsLimit, CountsAHostAsOftenAsItIsListed) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const std::string sub = "s" + std::to_string(i);
    text += "[host.\"https://a\"." + sub + "]\n[host.\"https://b\"." + sub + "]\n";
  }
  EXPECT_TRUE(LoadHosts(text).unknown);
  EXPECT_FALSE(LoadHosts(text, k17).unknown);
}

TEST(HostsLimit, HoldsForLegacyMirrors) {
  RegistrySettings settings;
  settings.version = k17;
  settings.mirror_places["quay.io"] = {kMain, 3};
  for (int i = 0; i < 101; ++i) settings.mirrors["quay.io"].push_back("https://h" + std::to_string(i));
  const RegistryConfig config = LoadRegistryConfig(TreeFolder().Tree(), settings, "quay.io");
  EXPECT_EQ(config.unknown, "more than 100 mirrors of one registry");
  EXPECT_EQ(LimitAt(config.notes), std::string(kMain) + ":3");
}

TEST(CertificateLimit, KeepsManyCaEntriesFromFillingTheMemory) {
  const std::string padding(std::size_t{1} << 20, '\n');
  std::string text = "\n[host.\"https://m\"]\nca = [";
  for (int i = 0; i < 150; ++i) text += "\"ca.crt\",\n";
  const TreeFolder folder({{kHosts, text + "]\n"}, {"/certs/quay.io/ca.crt", Certificate() + padding}});
  const RegistryConfig config = LoadHosts(folder);
  ASSERT_TRUE(config.unknown);
  EXPECT_THAT(*config.unknown, HasSubstr("larger than 8 MiB together"));
  EXPECT_EQ(LimitAt(config.notes), std::string(kHosts) + ":2");
}

TEST(ImportLimit, RefusesThousandsOfPatterns) {
  std::string text = "imports = [\n";
  for (int i = 0; i < 2'000; ++i) text += "\"/etc/*" + std::to_string(i) + "\",\n";
  const RegistrySettings settings = LoadSettings(TreeFolder({{kMain, text + "]\n"}}));
  EXPECT_THAT(*settings.unknown, HasSubstr("more than 200 files and patterns are imported"));
  EXPECT_EQ(LimitAt(settings.notes), std::string(kMain) + ":202");
}

TEST(ImportLimit, BoundsTheDirectoriesThatPatternsLeadInto) {
  const TreeFolder folder(Files{{kMain, "\nimports = [\"/d/*/*/x.toml\"]\n"}});
  for (int i = 0; i < 501; ++i) folder.Write("/d/" + std::to_string(i) + "/e/", "");
  const RegistrySettings settings = LoadSettings(folder);
  EXPECT_THAT(*settings.unknown, HasSubstr("too many"));
  EXPECT_EQ(LimitAt(settings.notes), std::string(kMain) + ":2");
}

TEST(ImportLimit, BoundsTheFilesThatPatternsMatch) {
  const TreeFolder folder(Files{{kMain, "imports = [\"/d/*\"]\n"}});
  for (int i = 0; i < 201; ++i) folder.Write("/d/" + std::to_string(i), "");
  EXPECT_THAT(*LoadSettings(folder).unknown, HasSubstr("match too many files"));
}

TEST(ImportLimit, BoundsTheBytesOfAllFiles) {
  const TreeFolder folder(Files{{kMain, "imports = [\"/d/*\"]\n"}});
  // Of all TOML, long lines of blanks are parsed fastest.
  const std::string megabyte = Repeated(std::string(9'999, ' ') + "\n", 100);
  for (const char* name : {"/d/1", "/d/2", "/d/3"}) folder.Write(name, megabyte);
  const RegistrySettings settings = LoadSettings(folder);
  EXPECT_THAT(*settings.unknown, HasSubstr("together larger than 2 MiB"));
  EXPECT_EQ(LimitAt(settings.notes), "/d/3:0");
}

TEST(RegistriesLimit, NamesAThousandAndSaysThatThereAreMore) {
  const TreeFolder folder;
  for (int i = 0; i < 1'001; ++i) folder.Write("/certs/r" + std::to_string(i) + ".corp/", "");
  RegistrySettings settings;
  settings.version = k21;
  settings.config_path = "/certs";
  const ConfiguredNames found = ConfiguredRegistries(folder.Tree(), settings);
  EXPECT_EQ(found.registries.size(), 1'000U);
  EXPECT_EQ(LimitAt(found.notes), "/certs:0");
}

/// Says no from the `calls`th look at the files on.
FileTree::MayGoOn For(int calls) {
  return [left = calls]() mutable {
    return left-- > 0 ? absl::OkStatus() : absl::DeadlineExceededError("no time is left");
  };
}

TEST(FileTree, ReadsNoMoreOnceItMayNotGoOn) {
  const TreeFolder folder({{"a", "x"}, {"d/b", ""}});
  const FileTree tree = *FileTree::Open(folder.path(), For(0));
  EXPECT_TRUE(absl::IsDeadlineExceeded(tree.Stat("/a").status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(tree.Read("/a", 10).status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(tree.List("/d").status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(tree.ChangedAt("/a").status()));
}

// A configuration that was read in part must not pass for the whole.
TEST(RegistrySettings, AreUnknownWhereverTheTimeForReadingThemEnds) {
  const TreeFolder folder(
      {{kMain, "imports = [\"/d/*.toml\", \"/e/*.toml\"]\n"}, {"/d/1.toml", ""}, {"/e/2.toml", ""}});
  int calls = 0;
  for (bool all = false; !all; ++calls) {
    const FileTree tree = *FileTree::Open(folder.path(), For(calls));
    all = !LoadRegistrySettings(tree, kMain, k17, std::nullopt).unknown;
    ASSERT_LT(calls, 100);
  }
  EXPECT_GT(calls, 5);
}

TEST(RegistryConfig, IsUnknownWhereTheTimeForReadingItEnds) {
  const TreeFolder folder(Files{{kHosts, "[host.\"https://m\"]\n"}});
  RegistrySettings settings;
  settings.version = k21;
  settings.config_path = "/certs";
  const RegistryConfig config = LoadRegistryConfig(*FileTree::Open(folder.path(), For(0)), settings, "quay.io");
  EXPECT_TRUE(config.unknown);
  EXPECT_THAT(config.hosts, IsEmpty());
}

}  // namespace
}  // namespace tagdrift::hosts
