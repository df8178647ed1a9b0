#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/node/containerd_actions.h"

namespace tagdrift::agent {

/// The node-wide lock of one tag: a containerd lease of a fixed name, which containerd creates atomically. It lasts
/// kTerm and is prolonged by further leases from a thread of its own, since a lease cannot be changed; so the lock of a
/// killed process is free at most kTerm later, and never before.
class TagLock {
 public:
  static constexpr absl::Duration kTerm = absl::Seconds(15);

  /// Waits for the lock until `deadline`. Errors: FailedPrecondition (another action holds it), Cancelled at `stop`,
  /// containerd's own.
  static absl::StatusOr<std::unique_ptr<TagLock>> Acquire(node::ContainerdActions& containerd, const std::string& name,
                                                          absl::Time deadline, std::stop_token stop);
  /// Gives the lock back.
  ~TagLock();
  TagLock(const TagLock&) = delete;
  TagLock& operator=(const TagLock&) = delete;

  /// Reads the leases. Errors: the lock was lost (this process stood still for longer than kTerm), or containerd cannot
  /// be asked.
  absl::Status StillHeld();

 private:
  TagLock(node::ContainerdActions& containerd, std::string name);

  absl::Status TryOnce();
  absl::Status TakeOver(const std::vector<node::Lease>& expired);
  node::Lease NewLease(const std::string& id) const;
  void Prolong(const std::stop_token& stop);

  node::ContainerdActions& containerd_;
  std::string name_;
  std::string id_;
  std::string token_;
  std::string held_;  ///< the lease that made this the holder
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread prolonger_;
};

/// Hex digits that no other process has.
std::string RandomToken();

}  // namespace tagdrift::agent
