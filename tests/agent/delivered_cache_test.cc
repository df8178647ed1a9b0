#include "agent/delivered_cache.h"

#include <gtest/gtest.h>

#include <vector>

namespace tagdrift::agent {
namespace {

judge::HostQuery Manifest(const std::string& bytes, const std::string& media_type = "m") {
  return {0, judge::QueryKind::kManifest, image::Digest::OfBytes(bytes), media_type};
}

facts::Content Content(std::int64_t layers) {
  const image::Descriptor layer{.media_type = "", .digest = image::Digest::OfBytes("layer")};
  std::vector<image::Descriptor> list(static_cast<std::size_t>(layers), layer);
  return image::Document(image::Manifest{"", {.media_type = "", .digest = image::Digest::OfBytes("config")}, list});
}

TEST(DeliveredCache, KeepsWhatWasDeliveredWhateverTheHost) {
  DeliveredCache cache(100'000);
  EXPECT_EQ(cache.Find(Manifest("a")), std::nullopt);
  cache.Put(Manifest("a"), Content(1));
  judge::HostQuery elsewhere = Manifest("a");
  elsewhere.host = 7;
  EXPECT_EQ(cache.Find(elsewhere), Content(1));
  EXPECT_EQ(cache.Find(Manifest("b")), std::nullopt);
}

TEST(DeliveredCache, DoesNotTakeOneKindForAnother) {
  DeliveredCache cache(100'000);
  cache.Put(Manifest("a"), Content(1));
  EXPECT_EQ(cache.Find(Manifest("a", "another type")), std::nullopt);
  EXPECT_EQ(cache.Find({0, judge::QueryKind::kConfig, image::Digest::OfBytes("a"), "m"}), std::nullopt);
}

TEST(DeliveredCache, DropsTheLongestUnusedWhenItIsFull) {
  DeliveredCache cache(facts::ApproximateBytes(Content(100)) * 5 / 2);
  cache.Put(Manifest("a"), Content(100));
  cache.Put(Manifest("b"), Content(100));
  (void)cache.Find(Manifest("a"));
  cache.Put(Manifest("c"), Content(100));
  EXPECT_NE(cache.Find(Manifest("a")), std::nullopt);
  EXPECT_EQ(cache.Find(Manifest("b")), std::nullopt);
  EXPECT_NE(cache.Find(Manifest("c")), std::nullopt);
  cache.Put(Manifest("huge"), Content(300));
  EXPECT_EQ(cache.Find(Manifest("huge")), std::nullopt);
  EXPECT_NE(cache.Find(Manifest("c")), std::nullopt) << "nothing goes for what does not fit at all";
}

}  // namespace
}  // namespace tagdrift::agent
