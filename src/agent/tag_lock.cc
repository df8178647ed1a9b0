#include "tag_lock.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "absl/time/time.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

constexpr char kNameLabel[] = "tagdrift.io/lock";
constexpr char kOwnerLabel[] = "tagdrift.io/owner";
constexpr std::chrono::seconds kProlongEvery(5);
constexpr std::chrono::milliseconds kTryEvery(200);
constexpr std::chrono::seconds kTryLimit(5);
/// A killed action holds the lock for kLeaseDuration; and a bit.
constexpr absl::Duration kLongestWaitBeyond = absl::Seconds(10);

}  // namespace

std::string RandomToken() {
  std::random_device random;
  return fmt::format("{:x}-{:08x}{:08x}", getpid(), random(), random());
}

TagLock::TagLock(node::ContainerdActions& containerd, const Clock& clock, const Finishing& finishing, std::string name)
    : containerd_(containerd),
      clock_(clock),
      finishing_(finishing),
      name_(std::move(name)),
      id_("tagdrift-lock-" + std::string(image::Digest::OfBytes(name_).hex().substr(0, 32))),
      token_(RandomToken()),
      held_(id_) {}

bool TagLock::IsMine(const node::Lease& lease) const {
  const auto owner = lease.labels.find(kOwnerLabel);
  return owner != lease.labels.end() && owner->second == token_;
}

bool TagLock::IsOthers(const node::Lease& lease) const { return !IsMine(lease) && lease.expires > clock_.Wall(); }

node::Lease TagLock::NewLease(const std::string& id) const {
  return {id, {{kNameLabel, name_}, {kOwnerLabel, token_}}, clock_.Wall() + kLeaseDuration};
}

absl::Status TagLock::TryOnce(const CallContext& context) {
  absl::Status created = containerd_.CreateLease(NewLease(id_), context);
  if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  auto leases = containerd_.LeasesLabelled(kNameLabel, name_, context);
  if (!leases.ok()) return leases.status();
  for (const node::Lease& lease : *leases) {
    if (!IsOthers(lease)) continue;
    if (created.ok()) (void)containerd_.DeleteLease(id_, finishing_.Undoing());
    return absl::FailedPreconditionError(
        fmt::format("another action works on {} (containerd lease {}); if it was killed, the tag is free at {}", name_,
                    lease.id, absl::FormatTime("%H:%M:%S", lease.expires, absl::LocalTimeZone())));
  }
  if (created.ok()) return absl::OkStatus();
  return TakeOver(*leases, context);
}

/// All who saw the same expired leases compete for one new name, which containerd gives to one of them; only that one
/// clears up, so that nobody deletes what the winner has just made.
absl::Status TagLock::TakeOver(const std::vector<node::Lease>& expired, const CallContext& context) {
  absl::Time latest = absl::InfinitePast();
  for (const node::Lease& lease : expired) latest = std::max(latest, lease.expires);
  const std::string successor = fmt::format("{}-after-{}", id_, absl::ToUnixNanos(latest));
  absl::Status created = containerd_.CreateLease(NewLease(successor), context);
  if (absl::IsAlreadyExists(created)) return absl::FailedPreconditionError("another action works on " + name_);
  if (!created.ok()) return created;
  held_ = successor;
  // What is left is expired anyway.
  for (const node::Lease& lease : expired) (void)containerd_.DeleteLease(lease.id, finishing_.Undoing());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TagLock>> TagLock::Acquire(node::ContainerdActions& containerd, const Clock& clock,
                                                          const Finishing& finishing, const std::string& name,
                                                          const CallContext& context, Patience patience) {
  std::unique_ptr<TagLock> lock(new TagLock(containerd, clock, finishing, name));
  const SteadyTime give_up = patience == Patience::kWhileItIsHeld
                                 ? SteadyTime::max()
                                 : clock.Steady() + absl::ToChronoMilliseconds(kLeaseDuration + kLongestWaitBeyond);
  absl::Status status = lock->TryOnce(context);
  absl::Status held;
  while (absl::IsFailedPrecondition(status)) {
    held = status;
    const SteadyTime next = clock.Steady() + kTryEvery;
    if (next > give_up || next > context.deadline) return held;
    if (!clock.WaitUntil(next, context.stop)) {
      return absl::CancelledError("stopped while waiting: " + text::MessageOf(held));
    }
    status = lock->TryOnce(context);
  }
  if (!status.ok()) {
    // The answer to the creation may have been lost.
    if (absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) lock->GiveBack();
    // Whether the time ends between two tries or during one says the same. A call has a limit of its own, too.
    const bool time_is_up = absl::IsDeadlineExceeded(status) && clock.Steady() >= context.deadline;
    return time_is_up && !held.ok() ? held : status;
  }
  lock->prolonger_ = std::jthread([held = lock.get()](const std::stop_token& end) { held->Prolong(end); });
  return lock;
}

void TagLock::Prolong(const std::stop_token& end) {
  std::string last = held_;
  for (int number = 1; clock_.WaitUntil(clock_.Steady() + kProlongEvery, end); ++number) {
    const std::string next = fmt::format("{}-{}-{}", id_, token_, number);
    // Not ended by `end`: a creation that containerd still carries out afterwards would leave a lease behind. A failure
    // is seen by StillHeld, at the moment when it matters.
    const CallContext context = finishing_.Undoing().Within(clock_.Steady(), kTryLimit);
    if (!containerd_.CreateLease(NewLease(next), context).ok()) continue;
    if (last != id_) (void)containerd_.DeleteLease(last, context);
    last = next;
  }
}

absl::Status TagLock::StillHeld(const CallContext& context) {
  auto leases = containerd_.LeasesLabelled(kNameLabel, name_, context);
  if (!leases.ok()) return leases.status();
  bool mine = false;
  for (const node::Lease& lease : *leases) {
    if (IsOthers(lease)) return absl::AbortedError("another action took over the lock of " + name_);
    mine = mine || (IsMine(lease) && lease.expires > clock_.Wall());
  }
  return mine ? absl::OkStatus() : absl::AbortedError("the lock of " + name_ + " expired");
}

TagLock::~TagLock() {
  if (!prolonger_.joinable()) return;
  prolonger_.request_stop();
  prolonger_.join();
  GiveBack();
}

void TagLock::GiveBack() {
  const CallContext context = finishing_.Undoing();
  const auto leases = containerd_.LeasesLabelled(kNameLabel, name_, context);
  if (!leases.ok()) return;  // they expire
  for (const node::Lease& lease : *leases) {
    if (IsMine(lease)) (void)containerd_.DeleteLease(lease.id, context);
  }
}

}  // namespace tagdrift::agent
