#include "tagdrift/agent/content_memory.h"

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

TEST(ContentMemory, KeepsWhatWasDeliveredWhateverTheHost) {
  ContentMemory memory(1000);
  EXPECT_EQ(memory.Find(Manifest("a")), nullptr);
  memory.Put(Manifest("a"), Content(1), 100);
  judge::HostQuery elsewhere = Manifest("a");
  elsewhere.host = 7;
  EXPECT_NE(memory.Find(elsewhere), nullptr);
  EXPECT_EQ(memory.Find(Manifest("b")), nullptr);
}

TEST(ContentMemory, DoesNotTakeOneKindForAnother) {
  ContentMemory memory(1000);
  memory.Put(Manifest("a"), Content(1), 100);
  EXPECT_EQ(memory.Find(Manifest("a", "another type")), nullptr);
  EXPECT_EQ(memory.Find({0, judge::QueryKind::kConfig, image::Digest::OfBytes("a"), "m"}), nullptr);
}

TEST(ContentMemory, DropsTheLongestUnusedWhenItIsFull) {
  ContentMemory memory(1000);
  memory.Put(Manifest("a"), Content(1), 400);
  memory.Put(Manifest("b"), Content(1), 400);
  memory.Find(Manifest("a"));
  memory.Put(Manifest("c"), Content(1), 400);
  EXPECT_NE(memory.Find(Manifest("a")), nullptr);
  EXPECT_EQ(memory.Find(Manifest("b")), nullptr);
  EXPECT_NE(memory.Find(Manifest("c")), nullptr);
  memory.Put(Manifest("huge"), Content(1), 1001);
  EXPECT_EQ(memory.Find(Manifest("huge")), nullptr);
  EXPECT_NE(memory.Find(Manifest("c")), nullptr) << "nothing goes for what does not fit at all";
}

}  // namespace
}  // namespace tagdrift::agent
