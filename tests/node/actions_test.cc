#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "ending_in.h"
#include "fake_action_services.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const image::Digest kDigest = image::Digest::OfBytes("image");

TEST(ContainerdActions, PointsATagWithNothingButItsTarget) {
  FakeActionServices runtime;
  (*runtime.images["app:v1"].mutable_labels())["io.cri-containerd.image"] = "managed";
  const ImageRecord record{.target_digest = kDigest.text(), .target_media_type = "type", .target_size = 7};
  ASSERT_TRUE(runtime.Containerd()->PointTo("app:v1", record, {}).ok());
  EXPECT_THAT(runtime.last_update->update_mask().paths(), ElementsAre("target"));
  EXPECT_THAT(runtime.last_update->image().labels(), IsEmpty());
  EXPECT_EQ(runtime.images["app:v1"].target().digest(), kDigest.text());
  EXPECT_EQ(runtime.images["app:v1"].target().media_type(), "type");
  EXPECT_EQ(runtime.images["app:v1"].target().size(), 7);
  EXPECT_TRUE(absl::IsNotFound(runtime.Containerd()->PointTo("app:v2", record, {})));
}

TEST(ContainerdActions, CreatesANameWithItsLabelsOnce) {
  FakeActionServices runtime;
  const ImageRecord record{.name = "app@x",
                           .target_digest = kDigest.text(),
                           .target_media_type = "type",
                           .target_size = 7,
                           .labels = {{"io.cri-containerd.image", "managed"}}};
  ASSERT_TRUE(runtime.Containerd()->CreateName(record, {}).ok());
  const auto& created = runtime.images["app@x"];
  EXPECT_EQ(created.target().digest(), kDigest.text());
  EXPECT_EQ(created.target().media_type(), "type");
  EXPECT_EQ(created.target().size(), 7);
  EXPECT_EQ(created.labels().at("io.cri-containerd.image"), "managed");
  EXPECT_TRUE(absl::IsAlreadyExists(runtime.Containerd()->CreateName(record, {})));
}

TEST(ContainerdActions, DeletesANameOnConditionOfItsTarget) {
  FakeActionServices runtime;
  runtime.images["app:v1"];
  const auto containerd = runtime.Containerd();
  const auto first = containerd->DeleteName("app:v1", kDigest, {});
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(*first);
  EXPECT_EQ(runtime.last_delete->target().digest(), kDigest.text());
  EXPECT_FALSE(runtime.last_delete->sync());
  const auto again = containerd->DeleteName("app:v1", kDigest, {});
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(*again);
}

TEST(ContainerdActions, CreatesLeasesThatExpire) {
  FakeActionServices runtime;
  const auto containerd = runtime.Containerd();
  const absl::Time expires = absl::FromUnixSeconds(2'000'000'000);
  const Lease lease{"lock", {{"tagdrift.io/lock", "r.io/app:v1"}}, expires};
  ASSERT_TRUE(containerd->CreateLease(lease, {}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(containerd->CreateLease(lease, {})));
  const auto found = containerd->LeasesLabelled("tagdrift.io/lock", "r.io/app:v1", {});
  ASSERT_TRUE(found.ok());
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ(found->front().expires, expires);
  EXPECT_THAT(*containerd->LeasesLabelled("tagdrift.io/lock", "r.io/app:v2", {}), IsEmpty());
  EXPECT_TRUE(containerd->DeleteLease("lock", {}).ok());
  EXPECT_TRUE(containerd->DeleteLease("lock", {}).ok()) << "what is gone is fine";
}

TEST(ContainerdActions, TakesALeaseWithoutExpiryForEndless) {
  FakeActionServices runtime;
  runtime.leases["other"].set_id("other");
  (*runtime.leases["other"].mutable_labels())["a"] = "b";
  const auto found = runtime.Containerd()->LeasesLabelled("a", "b", {});
  ASSERT_TRUE(found.ok());
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ(found->front().expires, absl::InfiniteFuture());
}

TEST(ContainerdActions, HoldsContentAndCollectsTheRest) {
  FakeActionServices runtime;
  const auto containerd = runtime.Containerd();
  ASSERT_TRUE(containerd->HoldContent("hold", kDigest, {}).ok());
  EXPECT_THAT(runtime.held["hold"], ElementsAre("content " + kDigest.text()));
  ASSERT_TRUE(containerd->CollectGarbage({}).ok());
  EXPECT_TRUE(runtime.synced);
  EXPECT_THAT(runtime.leases, IsEmpty());
}

TEST(ContainerdActions, TakesACollectionOfContainerdsOwnForTheOneItWants) {
  FakeActionServices runtime;
  runtime.collects_at_once = true;
  EXPECT_TRUE(runtime.Containerd()->CollectGarbage({}).ok());
  EXPECT_TRUE(runtime.synced);
}

TEST(ContainerdActions, CountsOnlyCommittedSnapshots) {
  FakeActionServices runtime;
  runtime.snapshots["overlayfs done"] = 3;
  runtime.snapshots["overlayfs active"] = 2;
  const auto containerd = runtime.Containerd();
  EXPECT_TRUE(*containerd->HasSnapshot("overlayfs", "done", {}));
  EXPECT_FALSE(*containerd->HasSnapshot("overlayfs", "active", {}));
  EXPECT_FALSE(*containerd->HasSnapshot("overlayfs", "none", {}));
}

TEST(ContainerdActions, TellsWhatIsBeingWritten) {
  FakeActionServices runtime;
  const auto ingests = runtime.Containerd()->Ingests({});
  ASSERT_TRUE(ingests.ok());
  ASSERT_THAT(*ingests, SizeIs(1));
  EXPECT_EQ(ingests->front().ref, "layer-sha256:aa");
  EXPECT_EQ(ingests->front().written, 42);
}

TEST(CriActions, PullsWithTheCredentialOfOneHost) {
  FakeActionServices runtime;
  const auto id = runtime.Cri()->PullImage("r.io/app@x", PullCredential{"user", "word", "", "https://r.io"}, {});
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, "sha256:id");
  EXPECT_EQ(runtime.last_pull->image().image(), "r.io/app@x");
  EXPECT_EQ(runtime.last_pull->auth().username(), "user");
  EXPECT_EQ(runtime.last_pull->auth().server_address(), "https://r.io");
}

TEST(CriActions, PullsWithoutAnyCredentialUnlessThereIsOne) {
  FakeActionServices runtime;
  ASSERT_TRUE(runtime.Cri()->PullImage("r.io/app@x", std::nullopt, {}).ok());
  EXPECT_FALSE(runtime.last_pull->has_auth());
}

TEST(CriActions, StopsAPull) {
  FakeActionServices runtime;
  runtime.pull_hangs = true;
  std::stop_source stop;
  stop.request_stop();
  const auto id = runtime.Cri()->PullImage("r.io/app@x", std::nullopt, {.stop = stop.get_token()});
  EXPECT_TRUE(absl::IsCancelled(id.status())) << id.status();
}

TEST(CriActions, EndsAPullAtItsDeadline) {
  FakeActionServices runtime;
  runtime.pull_hangs = true;
  const auto id = runtime.Cri()->PullImage("r.io/app@x", std::nullopt, EndingIn(std::chrono::milliseconds(50)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(id.status())) << id.status();
}

TEST(CriActions, RemovesAnImageById) {
  FakeActionServices runtime;
  ASSERT_TRUE(runtime.Cri()->RemoveImage("sha256:id", {}).ok());
  EXPECT_EQ(runtime.last_removed, "sha256:id");
}

}  // namespace
}  // namespace tagdrift::node
