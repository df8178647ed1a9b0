#include <gtest/gtest.h>

#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

v1::ImageList List() {
  v1::ImageList list;
  v1::CachedImage& used = *list.add_images();
  used.set_reference("registry.test/a:1");
  used.set_cached_digest("sha256:" + std::string(64, 'a'));
  used.set_image_id("sha256:" + std::string(64, 'b'));
  used.set_size_bytes(3 << 20);
  used.mutable_cached_since()->set_seconds(1'700'000'000);
  used.add_used_by();
  v1::CachedImage& unused = *list.add_images();
  unused.set_reference("registry.test/b:1");
  unused.set_pinned(true);
  list.set_size_bytes(3 << 20);
  return list;
}

TEST(ImagesTable, ShowsTagDigestUseSizeAndSince) {
  EXPECT_EQ(Render(List(), Format::kTable, {}), R"(2 tags, 1 in use, 3.0 MiB

USED  DIGEST        SIZE     SINCE       TAG
1     aaaaaaaaaaaa  3.0 MiB  2023-11-14  registry.test/a:1
-     -             0 B      -           registry.test/b:1
)");
}

TEST(ImagesTable, ShowsImageIdsAndWhatIsPinnedWhenWide) {
  EXPECT_EQ(Render(List(), Format::kWide, {}), R"(2 tags, 1 in use, 3.0 MiB

USED  DIGEST        SIZE     SINCE                 IMAGE ID      PINNED  TAG
1     aaaaaaaaaaaa  3.0 MiB  2023-11-14 22:13:20Z  bbbbbbbbbbbb  -       registry.test/a:1
-     -             0 B      -                     -             yes     registry.test/b:1
)");
}

TEST(ImagesTable, SaysThatNothingIsCached) {
  EXPECT_EQ(Render(v1::ImageList(), Format::kTable, {}), "No tags are cached on this node\n");
}

TEST(ImagesTable, PrintsNames) {
  EXPECT_EQ(Render(List(), Format::kName, {}), "registry.test/a:1\nregistry.test/b:1\n");
}

}  // namespace
}  // namespace tagdrift::render
