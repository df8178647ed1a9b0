#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// `app:latest` names a manifest and `app:multi` an index, both over the image c.
std::vector<CriImage> OneImageUnderTwoDigests() {
  return {Image('c', {"r.io/app:latest", "r.io/app:multi"}, {"r.io/app@" + IdOf('1'), "r.io/app@" + IdOf('2')})};
}

TEST(Join, PairsEachTagWithItsOwnDigestWhenRecordsSaySo) {
  Snapshot snapshot;
  snapshot.cri_images = OneImageUnderTwoDigests();
  snapshot.records = {Record("r.io/app:latest", '1'), Record("r.io/app:multi", '2'),
                      Record("r.io/app@" + IdOf('1'), '1'), Record("r.io/app@" + IdOf('2'), '2'),
                      Record(IdOf('c'), '2')};
  const facts::Node node = Join(snapshot);
  ASSERT_THAT(References(node), ElementsAre("r.io/app:latest", "r.io/app:multi"));
  EXPECT_EQ(node.images[0].target, DigestOf('1'));
  EXPECT_EQ(node.images[1].target, DigestOf('2'));
  EXPECT_EQ(node.images[0].cri_image_id, IdOf('c'));
  EXPECT_EQ(node.images[1].cri_image_id, IdOf('c'));
  EXPECT_EQ(node.digest_names, 0);
  EXPECT_THAT(node.notes, IsEmpty());
}

TEST(Join, LeavesThePairOpenWhenOnlyTheCriIsKnown) {
  Snapshot snapshot;
  snapshot.cri_images = OneImageUnderTwoDigests();
  const facts::Node node = Join(snapshot);
  ASSERT_THAT(References(node), ElementsAre("r.io/app:latest", "r.io/app:multi"));
  for (const facts::CachedImage& image : node.images) {
    EXPECT_EQ(image.target, std::nullopt);
    EXPECT_THAT(image.candidates, ElementsAre(DigestOf('1'), DigestOf('2')));
  }
}

TEST(Join, PairsWithoutRecordsWhereTheRepositoryHasOneDigest) {
  Snapshot snapshot;
  snapshot.cri_images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1')})};
  const facts::Node node = Join(snapshot);
  ASSERT_EQ(node.images.size(), 1U);
  EXPECT_EQ(node.images[0].target, DigestOf('1'));
  EXPECT_THAT(node.images[0].candidates, IsEmpty());
}

TEST(Join, GoesByTheRecordWhenTheCriListsAnotherDigest) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '2')};
  snapshot.cri_images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1')})};
  EXPECT_EQ(Join(snapshot).images.at(0).target, DigestOf('2'));
}

TEST(Join, CountsOnlyDigestNamesThatNoTagPointsTo) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '2'), Record("r.io/app@" + IdOf('2'), '2'),
                      Record("r.io/app@" + IdOf('1'), '1'), Record("r.io/other@" + IdOf('2'), '2')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(References(node), ElementsAre("r.io/app:1"));
  EXPECT_EQ(node.digest_names, 2);
}

TEST(Join, SetsDigestNamesAsideOfWhichNoContainerAsked) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '2'), Record("r.io/app@" + IdOf('2'), '2'),
                      Record("r.io/app@" + IdOf('1'), '1')};
  snapshot.containers = {Container("x", "r.io/app@" + IdOf('1'), 'c')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(References(node), ElementsAre("r.io/app:1", "r.io/app@" + IdOf('1')));
  ASSERT_EQ(node.other_digests.size(), 1U);
  EXPECT_EQ(node.other_digests[0].reference.Canonical(), "r.io/app@" + IdOf('2'));
  EXPECT_EQ(node.other_digests[0].target, DigestOf('2'));
}

TEST(Join, TakesATagBesideADigestForADigestName) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1@" + IdOf('1'), '1')};
  snapshot.cri_images = {Image('c', {}, {"r.io/app:1@" + IdOf('1')})};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(node.images, IsEmpty());
  EXPECT_EQ(node.digest_names, 1);
  EXPECT_THAT(node.notes, IsEmpty());
}

TEST(Join, CountsImagesWithoutAnyName) {
  Snapshot snapshot;
  snapshot.records = {Record(IdOf('c'), '1')};
  snapshot.cri_images = {Image('c', {}, {}), Image('d', {}, {})};
  const facts::Node node = Join(snapshot);
  EXPECT_EQ(node.unnamed_images, 2);
  EXPECT_THAT(node.images, IsEmpty());
  EXPECT_EQ(node.digest_names, 0);
}

TEST(Join, NotesNamesThatAreNoReferences) {
  Snapshot snapshot;
  snapshot.records = {Record("Bad\nName", '1'), Record("r.io/app:1", '1')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(References(node), ElementsAre("r.io/app:1"));
  ASSERT_EQ(node.notes.size(), 1U);
  EXPECT_THAT(node.notes[0], HasSubstr("1 name in the image store"));
  EXPECT_THAT(node.notes[0], HasSubstr("\"Bad\nName\""));
}

TEST(Join, NotesAreBoundedHoweverManyNamesAreBad) {
  Snapshot snapshot;
  snapshot.records.emplace();
  for (int i = 0; i < 50; ++i)
    snapshot.records->push_back(Record("Bad " + std::to_string(i) + std::string(900, 'x'), '1'));
  const facts::Node node = Join(snapshot);
  ASSERT_EQ(node.notes.size(), 1U);
  EXPECT_THAT(node.notes[0], HasSubstr("50 names"));
  EXPECT_LT(node.notes[0].size(), 600U);
}

TEST(Join, LeavesOutNamesThatTheRuntimeCannotLookUp) {
  Snapshot snapshot;
  snapshot.records = {Record("nginx:1", '1')};
  snapshot.cri_images = {Image('c', {"docker.io/library/nginx:1"}, {})};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(node.images, IsEmpty());
  ASSERT_EQ(node.notes.size(), 1U);
  EXPECT_THAT(node.notes[0], HasSubstr("\"nginx:1\""));
}

TEST(Join, KeepsTheFullNameBesideItsShortForm) {
  Snapshot snapshot;
  snapshot.records = {Record("nginx:1", '1'), Record("docker.io/library/nginx:1", '2')};
  snapshot.cri_images = {Image('c', {"docker.io/library/nginx:1"}, {})};
  const facts::Node node = Join(snapshot);
  ASSERT_THAT(References(node), ElementsAre("docker.io/library/nginx:1"));
  EXPECT_EQ(node.images[0].target, DigestOf('2'));
  EXPECT_EQ(node.images[0].cri_image_id, IdOf('c'));
}

TEST(Join, KeepsATagThatOnlyTheCriKnowsWithoutATarget) {
  Snapshot snapshot;
  snapshot.records.emplace();
  snapshot.cri_images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1')})};
  const facts::Node node = Join(snapshot);
  ASSERT_THAT(References(node), ElementsAre("r.io/app:1"));
  EXPECT_EQ(node.images[0].target, std::nullopt);
  EXPECT_THAT(node.images[0].candidates, IsEmpty());
  EXPECT_EQ(node.images[0].cri_image_id, IdOf('c'));
  EXPECT_THAT(node.notes, ElementsAre(HasSubstr("not in containerd's image store")));
}

TEST(Join, KeepsATagThatTheCriDoesNotKnow) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '1')};
  const facts::Node node = Join(snapshot);
  ASSERT_THAT(References(node), ElementsAre("r.io/app:1"));
  EXPECT_EQ(node.images[0].cri_image_id, std::nullopt);
  EXPECT_EQ(node.images[0].target, DigestOf('1'));
}

TEST(Join, NotesARecordWhoseTargetIsNoDigest) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '1')};
  snapshot.records->front().target_digest = "md5:00";
  const facts::Node node = Join(snapshot);
  ASSERT_THAT(References(node), ElementsAre("r.io/app:1"));
  EXPECT_EQ(node.images[0].target, std::nullopt);
  EXPECT_THAT(node.notes, ElementsAre(HasSubstr("no valid digest: \"r.io/app:1\"")));
}

TEST(Join, TakesPinnedFromTheCriAndFromTheRecord) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '1'), Record("r.io/app:2", '2'), Record("r.io/app:3", '3')};
  (*snapshot.records)[0].labels = {{"io.cri-containerd.pinned", "pinned"}};
  snapshot.cri_images = {Image('a', {"r.io/app:1"}, {}), Image('b', {"r.io/app:2"}, {}),
                         Image('c', {"r.io/app:3"}, {})};
  snapshot.cri_images[1].pinned = true;
  const facts::Node node = Join(snapshot);
  ASSERT_EQ(node.images.size(), 3U);
  EXPECT_TRUE(node.images[0].pinned);
  EXPECT_TRUE(node.images[1].pinned);
  EXPECT_FALSE(node.images[2].pinned);
}

TEST(Join, CarriesRecordAndCriFieldsOver) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '1')};
  snapshot.records->front().updated_at = absl::FromUnixSeconds(1'700'000'000);
  snapshot.cri_images = {Image('c', {"r.io/app:1"}, {})};
  const facts::CachedImage image = Join(snapshot).images.at(0);
  EXPECT_EQ(image.updated_at, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(image.media_type, image::kOciManifest);
  EXPECT_EQ(image.size_bytes, 1000);
  EXPECT_EQ(image.stored, std::nullopt);
  EXPECT_EQ(image.provenance, facts::Provenance::kUnknown);
}

TEST(Join, SortsByCanonicalReference) {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/b:1", '1'), Record("docker.io/library/z:1", '1'), Record("r.io/a:2", '1'),
                      Record("r.io/a:1", '1')};
  EXPECT_THAT(References(Join(snapshot)), ElementsAre("docker.io/library/z:1", "r.io/a:1", "r.io/a:2", "r.io/b:1"));
}

TEST(Join, IsEmptyForAnEmptyNode) {
  const facts::Node node = Join({});
  EXPECT_THAT(node.images, IsEmpty());
  EXPECT_THAT(node.notes, IsEmpty());
  EXPECT_EQ(node.unnamed_images, 0);
}

}  // namespace
}  // namespace tagdrift::node
