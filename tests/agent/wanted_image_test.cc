#include "agent/wanted_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fake_node.h"

namespace tagdrift::agent {
namespace {

using testing::HasSubstr;

const image::Platform kLinux = SamplePlatform();

std::string Missing(FakeNode& node, const image::Digest& digest) {
  const auto missing = MissingHere(node.clients, kLinux, digest, {});
  EXPECT_TRUE(missing.ok()) << missing.status();
  return missing.ok() ? *missing : "";
}

TEST(FindWantedImage, FindsACompleteImage) {
  FakeNode node;
  const image::Digest digest = node.AddImage("app");
  const auto image = FindWantedImage(node.clients, kLinux, digest, nullptr, {});
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->incomplete, "");
  EXPECT_EQ(image->config->text(), node.ids[digest.text()]);
  EXPECT_EQ(image->media_type, image::kOciManifest);
  EXPECT_EQ(image->size, static_cast<std::int64_t>(node.store->blobs.at(digest).size()));
}

TEST(FindWantedImage, NamesTheLayerThatIsMissing) {
  FakeNode node;
  const image::Digest digest = node.AddImage("app");
  const image::Digest layer = node.layer.at(digest.text());
  node.store->blobs.erase(layer);
  EXPECT_THAT(Missing(node, digest), HasSubstr(layer.Short()));
}

TEST(FindWantedImage, CountsAnUnpackedLayerAsHere) {
  FakeNode node;
  const image::Digest digest = node.AddImage("app");
  node.store->blobs.erase(node.layer.at(digest.text()));
  const image::Digest config = *image::Digest::Parse(node.ids[digest.text()]);
  const std::string chain = image::Digest::OfBytes("unpacked app").text();
  node.store->labels_of[config]["containerd.io/gc.ref.snapshot.overlayfs"] = chain;
  EXPECT_NE(Missing(node, digest), "") << "the label alone is no snapshot";
  node.snapshots.insert("overlayfs " + chain);
  EXPECT_EQ(Missing(node, digest), "");
}

TEST(FindWantedImage, SaturatesTheSumOfLayersThatClaimMoreThanThereIs) {
  FakeNode node;
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  const SampleImage image("huge", 2024, kGreatest);
  node.AddImage(image);
  node.store->blobs.erase(image.config_digest());
  node.store->blobs.erase(image.layer_digest());
  const auto found = FindWantedImage(node.clients, kLinux, image.digest(), nullptr, {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->bytes_to_come, kGreatest);
  EXPECT_EQ(found->layer_bytes, kGreatest);
}

TEST(FindWantedImage, NamesAMissingManifest) {
  FakeNode node;
  EXPECT_THAT(Missing(node, image::Digest::OfBytes("nothing")), HasSubstr("manifest"));
}

TEST(FindWantedImage, TakesWhatIsNotHereFromElsewhereAndCountsItsBytes) {
  FakeNode elsewhere;
  const image::Digest digest = elsewhere.AddImage("app");
  FakeNode node;
  const auto image = FindWantedImage(node.clients, kLinux, digest,
                                     [&](const image::Digest& blob, const std::string&, bool is_config) {
                                       const std::string& bytes = elsewhere.store->blobs.at(blob);
                                       Fetched fetched{.size = static_cast<std::int64_t>(bytes.size())};
                                       if (is_config) {
                                         fetched.content = *image::ParseImageConfig(bytes);
                                       } else {
                                         fetched.content = *image::ParseDocument(bytes, "");
                                       }
                                       return std::optional(fetched);
                                     },
                                     {});
  ASSERT_TRUE(image.ok());
  EXPECT_NE(image->incomplete, "");
  EXPECT_EQ(image->missing.size(), 3U);
  EXPECT_EQ(image->layer_bytes, 10);
  EXPECT_EQ(image->config->text(), elsewhere.ids[digest.text()]);
}

}  // namespace
}  // namespace tagdrift::agent
