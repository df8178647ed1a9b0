#include "tag_lock.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "absl/time/clock.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::agent {
namespace {

constexpr char kNameLabel[] = "tagdrift.io/lock";
constexpr char kOwnerLabel[] = "tagdrift.io/owner";
constexpr std::chrono::seconds kProlongEvery(5);
constexpr std::chrono::milliseconds kTryEvery(200);

bool IsOthers(const node::Lease& lease, const std::string& token) {
  const auto owner = lease.labels.find(kOwnerLabel);
  return (owner == lease.labels.end() || owner->second != token) && lease.expires > absl::Now();
}

}  // namespace

std::string RandomToken() {
  std::random_device random;
  return fmt::format("{:x}-{:08x}{:08x}", getpid(), random(), random());
}

TagLock::TagLock(node::ContainerdActions& containerd, std::string name)
    : containerd_(containerd),
      name_(std::move(name)),
      id_("tagdrift-lock-" + std::string(image::Digest::OfBytes(name_).hex().substr(0, 32))),
      token_(RandomToken()),
      held_(id_) {}

node::Lease TagLock::NewLease(const std::string& id) const {
  return {id, {{kNameLabel, name_}, {kOwnerLabel, token_}}, absl::Now() + kTerm};
}

absl::Status TagLock::TryOnce() {
  absl::Status created = containerd_.CreateLease(NewLease(id_));
  if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  auto leases = containerd_.LeasesLabelled(kNameLabel, name_);
  if (!leases.ok()) return leases.status();
  for (const node::Lease& lease : *leases) {
    if (!IsOthers(lease, token_)) continue;
    if (created.ok()) (void)containerd_.DeleteLease(id_);
    return absl::FailedPreconditionError(
        fmt::format("another action works on {} (containerd lease {}); if it was killed, the tag is free at {}", name_,
                    lease.id, absl::FormatTime("%H:%M:%S", lease.expires, absl::LocalTimeZone())));
  }
  if (created.ok()) return absl::OkStatus();
  return TakeOver(*leases);
}

/// All who saw the same expired leases compete for one new name, which containerd gives to one of them; only that one
/// clears up, so that nobody deletes what the winner has just made.
absl::Status TagLock::TakeOver(const std::vector<node::Lease>& expired) {
  absl::Time latest = absl::InfinitePast();
  for (const node::Lease& lease : expired) latest = std::max(latest, lease.expires);
  const std::string successor = fmt::format("{}-after-{}", id_, absl::ToUnixNanos(latest));
  const absl::Status created = containerd_.CreateLease(NewLease(successor));
  if (absl::IsAlreadyExists(created)) return absl::FailedPreconditionError("another action works on " + name_);
  if (!created.ok()) return created;
  held_ = successor;
  for (const node::Lease& lease : expired) (void)containerd_.DeleteLease(lease.id);  // what is left is expired anyway
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TagLock>> TagLock::Acquire(node::ContainerdActions& containerd, const std::string& name,
                                                          absl::Time deadline, std::stop_token stop) {
  std::unique_ptr<TagLock> lock(new TagLock(containerd, name));
  absl::Status status = lock->TryOnce();
  while (absl::IsFailedPrecondition(status)) {
    if (absl::Now() >= deadline) return status;
    std::unique_lock waiting(lock->mutex_);
    lock->wake_.wait_for(waiting, stop, kTryEvery, [] { return false; });
    if (stop.stop_requested()) return absl::CancelledError("stopped while waiting: " + std::string(status.message()));
    status = lock->TryOnce();
  }
  if (!status.ok()) return status;
  lock->prolonger_ = std::jthread([held = lock.get()](const std::stop_token& end) { held->Prolong(end); });
  return lock;
}

void TagLock::Prolong(const std::stop_token& stop) {
  std::string last = held_;
  for (int number = 1;; ++number) {
    {
      std::unique_lock waiting(mutex_);
      wake_.wait_for(waiting, stop, kProlongEvery, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const std::string next = fmt::format("{}-{}-{}", id_, token_, number);
    // A failure is seen by StillHeld, at the moment when it matters.
    if (!containerd_.CreateLease(NewLease(next)).ok()) continue;
    if (last != id_) (void)containerd_.DeleteLease(last);
    last = next;
  }
}

absl::Status TagLock::StillHeld() {
  auto leases = containerd_.LeasesLabelled(kNameLabel, name_);
  if (!leases.ok()) return leases.status();
  bool mine = false;
  for (const node::Lease& lease : *leases) {
    if (IsOthers(lease, token_)) return absl::AbortedError("another action took over the lock of " + name_);
    const auto owner = lease.labels.find(kOwnerLabel);
    mine = mine || (owner != lease.labels.end() && owner->second == token_ && lease.expires > absl::Now());
  }
  return mine ? absl::OkStatus() : absl::AbortedError("the lock of " + name_ + " expired");
}

TagLock::~TagLock() {
  if (!prolonger_.joinable()) return;
  prolonger_.request_stop();
  prolonger_.join();
  const auto leases = containerd_.LeasesLabelled(kNameLabel, name_);
  if (!leases.ok()) return;  // they expire
  for (const node::Lease& lease : *leases) {
    const auto owner = lease.labels.find(kOwnerLabel);
    if (owner != lease.labels.end() && owner->second == token_) (void)containerd_.DeleteLease(lease.id);
  }
}

}  // namespace tagdrift::agent
