#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd.h"
#include "fake_cri.h"
#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;

facts::CachedImage CachedApp() {
  facts::CachedImage image{Ref("r.io/app:1")};
  image.target = DigestOf('1');
  image.cri_image_id = IdOf('c');
  image.stored = facts::StoredImage{};
  image.provenance = facts::Provenance::kThisRepository;
  image.used_by.push_back({});
  return image;
}

TEST(ReadAgain, ReturnsTheSameWhenNothingMoved) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.records = {Record("r.io/app:1", '1')};
  cri.images = {Image('c', {"r.io/app:1"}, {})};
  const auto again = ReadAgain(cri, &containerd, CachedApp(), {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, DigestOf('1'));
  EXPECT_EQ((*again)->cri_image_id, IdOf('c'));
  EXPECT_TRUE((*again)->stored.has_value());
  EXPECT_EQ((*again)->provenance, facts::Provenance::kThisRepository);
  EXPECT_EQ((*again)->used_by.size(), 1U);
}

TEST(ReadAgain, ForgetsTheContentOfATagThatMoved) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.records = {Record("r.io/app:1", '2')};
  cri.images = {Image('d', {"r.io/app:1"}, {})};
  const auto again = ReadAgain(cri, &containerd, CachedApp(), {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, DigestOf('2'));
  EXPECT_EQ((*again)->cri_image_id, IdOf('d'));
  EXPECT_EQ((*again)->stored, std::nullopt);
  EXPECT_EQ((*again)->provenance, facts::Provenance::kUnknown);
  EXPECT_EQ((*again)->used_by.size(), 1U);
}

TEST(ReadAgain, ReturnsNothingWhenTheNameIsGone) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.records = {Record("r.io/app:2", '1')};
  cri.images = {Image('c', {"r.io/app:2"}, {})};
  const auto again = ReadAgain(cri, &containerd, CachedApp(), {});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, std::nullopt);
}

TEST(ReadAgain, KeepsANameThatOnlyTheCriStillKnows) {
  FakeContainerd containerd;
  FakeCri cri;
  cri.images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1')})};
  const auto again = ReadAgain(cri, &containerd, CachedApp(), {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, std::nullopt);
  EXPECT_EQ((*again)->cri_image_id, IdOf('c'));
}

TEST(ReadAgain, KeepsANameThatTheCriNoLongerKnows) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.records = {Record("r.io/app:1", '1')};
  const auto again = ReadAgain(cri, &containerd, CachedApp(), {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, DigestOf('1'));
  EXPECT_EQ((*again)->cri_image_id, std::nullopt);
}

TEST(ReadAgain, PairsByTheCriWithoutAnImageStore) {
  FakeCri cri;
  cri.images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1'), "r.io/app@" + IdOf('2')})};
  auto again = ReadAgain(cri, nullptr, CachedApp(), {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, std::nullopt);
  EXPECT_THAT((*again)->candidates, ElementsAre(DigestOf('1'), DigestOf('2')));
  cri.images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('2')})};
  again = ReadAgain(cri, nullptr, CachedApp(), {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, DigestOf('2'));
}

TEST(ReadAgain, TakesNoImageThatDoesNotListTheName) {
  FakeCri cri;
  cri.images = {Image('c', {"r.io/other:1"}, {"r.io/app:1"})};
  cri.images[0].repo_digests = {};
  cri.images[0].id = "r.io/app:1-looks-like-an-id";
  const auto again = ReadAgain(cri, nullptr, CachedApp(), {});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, std::nullopt);
}

TEST(ReadAgain, ReadsADigestName) {
  FakeContainerd containerd;
  FakeCri cri;
  const std::string name = "r.io/app@" + IdOf('1');
  containerd.records = {Record(name, '1')};
  cri.images = {Image('c', {}, {name})};
  facts::CachedImage image = CachedApp();
  image.reference = Ref(name);
  const auto again = ReadAgain(cri, &containerd, image, {});
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->target, DigestOf('1'));
  EXPECT_EQ((*again)->cri_image_id, IdOf('c'));
}

TEST(ReadAgain, FailsWhenTheNodeCannotBeAsked) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.error = absl::DeadlineExceededError("slow");
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadAgain(cri, &containerd, CachedApp(), {}).status()));
  cri.images_error = absl::UnavailableError("gone");
  EXPECT_TRUE(absl::IsUnavailable(ReadAgain(cri, nullptr, CachedApp(), {}).status()));
}

}  // namespace
}  // namespace tagdrift::node
