#include "agent/tag_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "fake_node.h"

namespace tagdrift::agent {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kTag[] = "registry.test/app:v1";

absl::StatusOr<std::unique_ptr<TagLock>> TryLock(FakeNode& node, const std::string& name = kTag,
                                                 std::stop_token stop = {}) {
  return TagLock::Acquire(*node.clients.containerd_actions, name, absl::InfinitePast(), std::move(stop));
}

TEST(TagLock, IsHeldByOneAndGivenBack) {
  FakeNode node;
  {
    const auto first = TryLock(node);
    ASSERT_TRUE(first.ok());
    EXPECT_TRUE((*first)->StillHeld().ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(TryLock(node).status()));
    EXPECT_TRUE((*first)->StillHeld().ok());
    EXPECT_THAT(node.leases, SizeIs(1));
  }
  EXPECT_THAT(node.leases, IsEmpty());
  EXPECT_TRUE(TryLock(node).ok());
}

TEST(TagLock, IsOnePerTag) {
  FakeNode node;
  const auto one = TryLock(node, "registry.test/app:v1");
  const auto other = TryLock(node, "registry.test/app:v2");
  EXPECT_TRUE(one.ok());
  EXPECT_TRUE(other.ok());
}

TEST(TagLock, IsTakenOverOnlyAfterItsExpiry) {
  FakeNode node;
  {
    const auto killed = TryLock(node);
    ASSERT_TRUE(killed.ok());
    // Not its own any more, so it stays when the lock goes.
    for (auto& [id, lease] : node.leases) lease.labels["tagdrift.io/owner"] = "killed";
  }
  const auto too_early = TryLock(node);
  ASSERT_FALSE(too_early.ok());
  EXPECT_THAT(std::string(too_early.status().message()), HasSubstr(kTag));
  for (auto& [id, lease] : node.leases) lease.expires = absl::Now() - absl::Seconds(1);
  const auto taken = TryLock(node);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_TRUE((*taken)->StillHeld().ok());
}

TEST(TagLock, IsTakenOverByOneOfAllWhoSawItExpire) {
  FakeNode node;
  node::Lease killed{"tagdrift-lock-of-a-killed-one", {{"tagdrift.io/lock", kTag}}, absl::Now() - absl::Seconds(1)};
  {
    // The lease of the fixed name is the killed one's.
    const auto lock = TryLock(node);
    ASSERT_TRUE(lock.ok());
    killed.id = node.leases.begin()->first;
  }
  node.leases.emplace(killed.id, killed);
  const auto winner = TryLock(node);
  ASSERT_TRUE(winner.ok()) << winner.status();
  // A contender that read the leases before the winner's was made comes to the same name, and loses.
  node.leases.emplace(killed.id, killed);
  EXPECT_TRUE(absl::IsFailedPrecondition(TryLock(node).status()));
  EXPECT_TRUE((*winner)->StillHeld().ok());
}

TEST(TagLock, IsLostWhenItExpired) {
  FakeNode node;
  const auto lock = TryLock(node);
  ASSERT_TRUE(lock.ok());
  for (auto& [id, lease] : node.leases) lease.expires = absl::Now() - absl::Seconds(1);
  EXPECT_TRUE(absl::IsAborted((*lock)->StillHeld()));
}

TEST(TagLock, LeavesAnothersLeaseAloneWhenItGoes) {
  FakeNode node;
  {
    const auto lock = TryLock(node);
    ASSERT_TRUE(lock.ok());
    for (auto& [id, lease] : node.leases) lease.labels["tagdrift.io/owner"] = "somebody else";
    EXPECT_TRUE(absl::IsAborted((*lock)->StillHeld()));
  }
  EXPECT_THAT(node.leases, SizeIs(1));
}

TEST(TagLock, WaitingEndsAtAStop) {
  FakeNode node;
  const auto lock = TryLock(node);
  std::stop_source stop;
  stop.request_stop();
  const auto waiting =
      TagLock::Acquire(*node.clients.containerd_actions, kTag, absl::InfiniteFuture(), stop.get_token());
  EXPECT_TRUE(absl::IsCancelled(waiting.status()));
}

}  // namespace
}  // namespace tagdrift::agent
