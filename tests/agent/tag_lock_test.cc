#include "agent/tag_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "fake_node.h"

namespace tagdrift::agent {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kLockedTag[] = "registry.test/app:v1";

/// The system's clocks, the steady one an hour ahead: who waits by it has no time left when a call still has.
class ClockAhead final : public Clock {
 public:
  SteadyTime Steady() const override { return SystemClock()->Steady() + kAhead; }
  absl::Time Wall() const override { return SystemClock()->Wall(); }
  bool WaitUntil(SteadyTime until, std::stop_token stop) const override {
    return SystemClock()->WaitUntil(until - kAhead, std::move(stop));
  }

 private:
  static constexpr std::chrono::hours kAhead{1};
};

/// Something happens where one waits, which takes no time.
class EventfulClock final : public Clock {
 public:
  /// `on_wait` answers as WaitUntil does.
  explicit EventfulClock(std::function<bool()> on_wait) : on_wait_(std::move(on_wait)) {}
  SteadyTime Steady() const override { return SystemClock()->Steady(); }
  absl::Time Wall() const override { return SystemClock()->Wall(); }
  bool WaitUntil(SteadyTime, std::stop_token) const override { return on_wait_(); }

 private:
  const std::function<bool()> on_wait_;
};

/// Locks tags of one node, without waiting for who holds them.
class TagLockTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<TagLock>> TryLock(const std::string& name = kLockedTag) {
    const CallContext context = CallContext{}.Within(SystemClock()->Steady(), std::chrono::minutes(1));
    return TagLock::Acquire(*node_.clients.containerd_actions, clock_, finishing_, name, context);
  }

  FakeNode node_;
  ClockAhead clock_;
  Finishing finishing_{clock_, {}};
};

TEST_F(TagLockTest, IsHeldByOneAndGivenBack) {
  {
    const auto first = TryLock();
    ASSERT_TRUE(first.ok());
    EXPECT_TRUE((*first)->StillHeld({}).ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(TryLock().status()));
    EXPECT_TRUE((*first)->StillHeld({}).ok());
    EXPECT_THAT(node_.leases, SizeIs(1));
  }
  EXPECT_THAT(node_.leases, IsEmpty());
  EXPECT_TRUE(TryLock().ok());
}

TEST_F(TagLockTest, IsAwaitedForAsLongAsItIsHeldWhereThatIsWanted) {
  auto first = TryLock();
  ASSERT_TRUE(first.ok());
  // By this clock a holder that was killed has been waited for already.
  class ClockThatFreesIt final : public Clock {
   public:
    explicit ClockThatFreesIt(std::unique_ptr<TagLock>& lock) : lock_(lock) {}
    SteadyTime Steady() const override { return SystemClock()->Steady() + std::chrono::hours(waits_.load()); }
    absl::Time Wall() const override { return SystemClock()->Wall(); }
    bool WaitUntil(SteadyTime, std::stop_token stop) const override {
      if (std::this_thread::get_id() != waiter_) return SystemClock()->WaitUntil(SteadyTime::max(), std::move(stop));
      if (++waits_ == 3) lock_.reset();
      return true;
    }

   private:
    std::unique_ptr<TagLock>& lock_;
    const std::thread::id waiter_ = std::this_thread::get_id();
    mutable std::atomic<int> waits_ = 0;
  };
  const ClockThatFreesIt clock(*first);
  auto& containerd = *node_.clients.containerd_actions;
  EXPECT_TRUE(TagLock::Acquire(containerd, clock, finishing_, kLockedTag, {}, TagLock::Patience::kWhileItIsHeld).ok());
}

TEST_F(TagLockTest, IsOnePerTag) {
  const auto one = TryLock("registry.test/app:v1");
  const auto other = TryLock("registry.test/app:v2");
  EXPECT_TRUE(one.ok());
  EXPECT_TRUE(other.ok());
}

TEST_F(TagLockTest, IsTakenOverOnlyAfterItsExpiry) {
  {
    const auto killed = TryLock();
    ASSERT_TRUE(killed.ok());
    // Not its own any more, so it stays when the lock goes.
    for (auto& [id, lease] : node_.leases) lease.labels["tagdrift.io/owner"] = "killed";
  }
  const auto too_early = TryLock();
  ASSERT_FALSE(too_early.ok());
  EXPECT_THAT(std::string(too_early.status().message()), HasSubstr(kLockedTag));
  for (auto& [id, lease] : node_.leases) lease.expires = absl::Now() - absl::Seconds(1);
  const auto taken = TryLock();
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_TRUE((*taken)->StillHeld({}).ok());
}

TEST_F(TagLockTest, IsTakenOverByOneOfAllWhoSawItExpire) {
  node::Lease killed{
      "tagdrift-lock-of-a-killed-one", {{"tagdrift.io/lock", kLockedTag}}, absl::Now() - absl::Seconds(1)};
  {
    // The lease of the fixed name is the killed one's.
    const auto lock = TryLock();
    ASSERT_TRUE(lock.ok());
    killed.id = node_.leases.begin()->first;
  }
  node_.leases.emplace(killed.id, killed);
  const auto winner = TryLock();
  ASSERT_TRUE(winner.ok()) << winner.status();
  // A contender that read the leases before the winner's was made comes to the same name, and loses.
  node_.leases.emplace(killed.id, killed);
  EXPECT_TRUE(absl::IsFailedPrecondition(TryLock().status()));
  EXPECT_TRUE((*winner)->StillHeld({}).ok());
}

TEST_F(TagLockTest, IsLostWhenItExpired) {
  const auto lock = TryLock();
  ASSERT_TRUE(lock.ok());
  for (auto& [id, lease] : node_.leases) lease.expires = absl::Now() - absl::Seconds(1);
  EXPECT_TRUE(absl::IsAborted((*lock)->StillHeld({})));
}

TEST_F(TagLockTest, LeavesAnothersLeaseAloneWhenItGoes) {
  {
    const auto lock = TryLock();
    ASSERT_TRUE(lock.ok());
    for (auto& [id, lease] : node_.leases) lease.labels["tagdrift.io/owner"] = "somebody else";
    EXPECT_TRUE(absl::IsAborted((*lock)->StillHeld({})));
  }
  EXPECT_THAT(node_.leases, SizeIs(1));
}

TEST_F(TagLockTest, WaitingEndsAtAStop) {
  const auto lock = TryLock();
  std::stop_source stop;
  const EventfulClock clock([&stop] { return !stop.request_stop(); });
  const auto waiting =
      TagLock::Acquire(*node_.clients.containerd_actions, clock, finishing_, kLockedTag, {.stop = stop.get_token()});
  EXPECT_TRUE(absl::IsCancelled(waiting.status()));
}

TEST_F(TagLockTest, WaitingSaysThatContainerdFellSilent) {
  const auto lock = TryLock();
  ASSERT_TRUE(lock.ok());
  const EventfulClock clock([this] {
    node_.calls->Fail("lease", absl::DeadlineExceededError("creating a lease: no answer within 20s"));
    return true;
  });
  const CallContext context = CallContext{}.Within(SystemClock()->Steady(), std::chrono::minutes(1));
  const auto waiting = TagLock::Acquire(*node_.clients.containerd_actions, clock, finishing_, kLockedTag, context);
  EXPECT_TRUE(absl::IsDeadlineExceeded(waiting.status())) << waiting.status();
  EXPECT_THAT(std::string(waiting.status().message()), HasSubstr("no answer within 20s"));
}

TEST_F(TagLockTest, WaitingThatEndsDuringATrySaysWhoHoldsTheTag) {
  const auto lock = TryLock();
  ASSERT_TRUE(lock.ok());
  node_.calls->HangAfter(3);  // of the first try a creation and a listing, of the second a creation
  const CallContext context = CallContext{}.Within(SystemClock()->Steady(), std::chrono::seconds(1));
  const auto waiting =
      TagLock::Acquire(*node_.clients.containerd_actions, *SystemClock(), finishing_, kLockedTag, context);
  EXPECT_EQ(node_.calls->hung(), "listing containerd's leases");
  EXPECT_TRUE(absl::IsFailedPrecondition(waiting.status())) << waiting.status();
  EXPECT_THAT(std::string(waiting.status().message()), HasSubstr("another action works on registry.test/app:v1"));
  EXPECT_THAT(node_.leases, SizeIs(1));
}

}  // namespace
}  // namespace tagdrift::agent
