#include "tagdrift/image/platform_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace tagdrift::image {
namespace {

const Platform kAmd64{"linux", "amd64", "", {}};
const Platform kArm64{"linux", "arm64", "", {}};

Descriptor Entry(const std::string& name, std::string_view media_type, std::optional<Platform> platform = kAmd64) {
  Descriptor entry{.media_type = std::string(media_type), .digest = Digest::OfBytes(name), .size = 1};
  entry.platform = std::move(platform);
  return entry;
}

Manifest MakeManifest(const std::string& name) {
  return {std::string(kOciManifest), Entry("config of " + name, "config", std::nullopt), {}};
}

Index MakeIndex(std::vector<Descriptor> entries) { return {std::string(kOciIndex), std::move(entries)}; }

/// Walks from "top" through `documents`, which have names as their bytes; stops at the first that is not among them.
PlatformWalk WalkThrough(const std::map<std::string, Document>& documents, const Platform& node = kAmd64) {
  PlatformWalk walk(node, {.media_type = "", .digest = Digest::OfBytes("top")});
  while (const Descriptor* wanted = walk.Next()) {
    const auto found = std::find_if(documents.begin(), documents.end(), [&](const auto& document) {
      return Digest::OfBytes(document.first) == wanted->digest;
    });
    if (found == documents.end()) break;
    walk.Take(found->second);
  }
  return walk;
}

TEST(PlatformWalk, EndsAtAManifestWithoutAnIndexWhateverItsPlatform) {
  const PlatformWalk walk = WalkThrough({{"top", MakeManifest("top")}});
  ASSERT_NE(walk.manifest(), nullptr);
  EXPECT_EQ(walk.manifest()->digest, Digest::OfBytes("top"));
  EXPECT_EQ(walk.manifest()->manifest, MakeManifest("top"));
  EXPECT_TRUE(walk.manifest()->Accepts(kAmd64, kArm64));
  EXPECT_FALSE(walk.is_index());
  EXPECT_EQ(walk.Next(), nullptr);
}

TEST(PlatformWalk, TakesTheEntryOfThePlatform) {
  const Index index = MakeIndex({Entry("arm64", kOciManifest, kArm64), Entry("amd64", kDockerManifest)});
  const PlatformWalk walk =
      WalkThrough({{"top", index}, {"arm64", MakeManifest("arm64")}, {"amd64", MakeManifest("amd64")}});
  ASSERT_NE(walk.manifest(), nullptr);
  EXPECT_EQ(walk.manifest()->digest, Digest::OfBytes("amd64"));
  EXPECT_EQ(walk.manifest()->manifest.config.digest, Digest::OfBytes("config of amd64"));
  EXPECT_TRUE(walk.is_index());
  EXPECT_EQ(walk.media_type(), kOciIndex);
}

TEST(PlatformWalk, SelectsByPlatformAtEachLevelOfNestedIndexes) {
  const PlatformWalk walk =
      WalkThrough({{"top", MakeIndex({Entry("arm", kOciIndex, kArm64), Entry("inner", kOciIndex)})},
                   {"inner", MakeIndex({Entry("arm64", kOciManifest, kArm64), Entry("amd64", kOciManifest)})},
                   {"amd64", MakeManifest("amd64")}});
  ASSERT_NE(walk.manifest(), nullptr);
  EXPECT_EQ(walk.manifest()->digest, Digest::OfBytes("amd64"));
}

TEST(PlatformWalk, TriesNoOtherEntryWhereTheBestOneLeadsNowhere) {
  const PlatformWalk walk = WalkThrough({{"top", MakeIndex({Entry("inner", kOciIndex), Entry("second", kOciManifest)})},
                                         {"inner", MakeIndex({Entry("arm64", kOciManifest, kArm64)})},
                                         {"second", MakeManifest("second")}});
  const auto* none = std::get_if<NoPlatformManifest>(&walk.end());
  ASSERT_NE(none, nullptr);
  EXPECT_EQ(none->index, Digest::OfBytes("inner"));
  EXPECT_TRUE(walk.is_index());
}

TEST(PlatformWalk, LeavesThePlatformToTheConfigWhereTheLastEntryNamesNone) {
  const PlatformWalk walk = WalkThrough({{"top", MakeIndex({Entry("inner", kOciIndex)})},
                                         {"inner", MakeIndex({Entry("any", kOciManifest, std::nullopt)})},
                                         {"any", MakeManifest("any")}});
  ASSERT_NE(walk.manifest(), nullptr);
  EXPECT_FALSE(walk.manifest()->platform_checked);
  EXPECT_TRUE(walk.manifest()->Accepts(kAmd64, kAmd64));
  EXPECT_FALSE(walk.manifest()->Accepts(kAmd64, kArm64));
}

TEST(PlatformWalk, TrustsTheLastEntryWhereAnOuterOneNamesNoPlatform) {
  const PlatformWalk walk = WalkThrough({{"top", MakeIndex({Entry("inner", kOciIndex, std::nullopt)})},
                                         {"inner", MakeIndex({Entry("amd64", kOciManifest)})},
                                         {"amd64", MakeManifest("amd64")}});
  ASSERT_NE(walk.manifest(), nullptr);
  EXPECT_TRUE(walk.manifest()->Accepts(kAmd64, kArm64));
}

TEST(PlatformWalk, NamesTheDocumentThatIsWanted) {
  const PlatformWalk walk = WalkThrough({{"top", MakeIndex({Entry("missing", kDockerManifest)})}});
  ASSERT_NE(walk.Next(), nullptr);
  EXPECT_EQ(*walk.Next(), Entry("missing", kDockerManifest));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(walk.end()));
  EXPECT_EQ(walk.manifest(), nullptr);
}

std::map<std::string, Document> Nested(int indexes) {
  std::map<std::string, Document> documents;
  const auto name = [](int level) { return level == 0 ? std::string("top") : std::to_string(level); };
  for (int level = 0; level < indexes; ++level) {
    const bool last = level + 1 == indexes;
    documents.emplace(name(level), MakeIndex({Entry(name(level + 1), last ? kOciManifest : kOciIndex)}));
  }
  documents.emplace(name(indexes), MakeManifest("innermost"));
  return documents;
}

TEST(PlatformWalk, FollowsAsManyIndexesAsItPromises) {
  const PlatformWalk walk = WalkThrough(Nested(PlatformWalk::kIndexLimit));
  ASSERT_NE(walk.manifest(), nullptr);
  EXPECT_EQ(walk.manifest()->manifest, MakeManifest("innermost"));
}

TEST(PlatformWalk, GivesUpBelowThat) {
  const PlatformWalk walk = WalkThrough(Nested(PlatformWalk::kIndexLimit + 1));
  const auto* deep = std::get_if<NestedTooDeeply>(&walk.end());
  ASSERT_NE(deep, nullptr);
  EXPECT_EQ(deep->index, Digest::OfBytes(std::to_string(PlatformWalk::kIndexLimit)));
}

}  // namespace
}  // namespace tagdrift::image
