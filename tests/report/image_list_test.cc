#include <gtest/gtest.h>

#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

facts::CachedImage Image(const std::string& reference, const std::string& id, std::int64_t size) {
  facts::CachedImage image{.reference = *image::Reference::Parse(reference)};
  image.target = image::Digest::OfBytes(id);
  image.cri_image_id = id;
  image.updated_at = absl::FromUnixSeconds(1'700'000'000);
  image.size_bytes = size;
  return image;
}

TEST(ImageList, SaysOfEachNameWhatTheNodeSays) {
  facts::Node node{.name = "node-1"};
  node.images = {Image("registry.test/a:1", "one", 10)};
  node.images[0].used_by = {{.id = "c1", .name = "app", .state = "running"}};
  const v1::ImageList list = ToMessage(node, absl::FromUnixSeconds(1'700'000'100));
  EXPECT_EQ(list.read_at().seconds(), 1'700'000'100);
  const v1::CachedImage& image = list.images(0);
  EXPECT_EQ(image.reference(), "registry.test/a:1");
  EXPECT_EQ(image.cached_digest(), image::Digest::OfBytes("one").text());
  EXPECT_EQ(image.cached_since().seconds(), 1'700'000'000);
  EXPECT_EQ(image.used_by(0).container_name(), "app");
}

TEST(ImageList, CountsTheBytesOfAnImageOnceHoweverManyTagsItHas) {
  facts::Node node;
  node.images = {Image("registry.test/a:1", "one", 10), Image("registry.test/a:2", "one", 10),
                 Image("registry.test/b:1", "two", 5)};
  EXPECT_EQ(ToMessage(node, absl::UnixEpoch()).size_bytes(), 15);
}

}  // namespace
}  // namespace tagdrift::report
