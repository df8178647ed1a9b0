#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tagdrift/image/manifest.h"

namespace tagdrift::image {
namespace {

Manifest ManifestOf(std::size_t layers) {
  const Descriptor layer{.media_type = std::string(kOciManifest), .digest = Digest::OfBytes("layer"), .size = 1};
  return {std::string(kOciManifest), layer, std::vector<Descriptor>(layers, layer)};
}

TEST(ApproximateBytes, GrowsWithEveryLayer) {
  const std::size_t none = ApproximateBytes(Document(ManifestOf(0)));
  const std::size_t thousand = ApproximateBytes(Document(ManifestOf(1000)));
  EXPECT_GT(none, sizeof(Document));
  EXPECT_GT(thousand - none, 1000 * sizeof(Descriptor));
  EXPECT_LT(thousand - none, 1000 * (sizeof(Descriptor) + 256));
}

TEST(ApproximateBytes, CountsWhatAnIndexEntryHolds) {
  Descriptor entry{.media_type = "m", .digest = Digest::OfBytes("entry")};
  const std::size_t without = ApproximateBytes(Document(Index{"m", {entry}}));
  entry.platform = Platform{"linux", std::string(1000, 'a'), "", {}};
  EXPECT_GE(ApproximateBytes(Document(Index{"m", {entry}})), without + 1000);
}

TEST(ApproximateBytes, CountsTheDiffIdsOfAConfig) {
  ImageConfig config;
  const std::size_t none = ApproximateBytes(config);
  config.diff_ids = std::vector<Digest>(100, Digest::OfBytes("layer"));
  EXPECT_GT(ApproximateBytes(config), none + 100 * sizeof(Digest));
}

TEST(ApproximateBytes, StaysSmallForAHugeManifestWhoseBytesAreAnnotations) {
  const std::string blob = R"({"mediaType":"m","digest":")" + Digest::OfBytes("blob").text() +
                           R"(","size":1,"data":")" + std::string(1 << 16, 'A') + R"(","annotations":{"a":")" +
                           std::string(1 << 16, 'b') + R"("}})";
  const auto document = ParseDocument(R"({"config":)" + blob + R"(,"layers":[)" + blob + "]}", "");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_LT(ApproximateBytes(*document), 4096u);
}

TEST(SharedList, SharesItsElementsWithItsCopies) {
  const Manifest manifest = ManifestOf(3);
  const Document copy = manifest;
  EXPECT_EQ(std::get<Manifest>(copy).layers.begin(), manifest.layers.begin());
  EXPECT_EQ(std::get<Manifest>(copy), manifest);
  EXPECT_NE(ManifestOf(2), manifest);
}

}  // namespace
}  // namespace tagdrift::image
