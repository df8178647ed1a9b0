#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "finishing.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/node/containerd_actions.h"

namespace tagdrift::agent {

/// The node-wide lock of one name: a containerd lease of a fixed name, which containerd creates atomically. It lasts
/// kLeaseDuration and is prolonged by further leases from a thread of its own, since a lease cannot be changed; so the
/// lock of a killed process is free at most kLeaseDuration later, and never before.
class TagLock {
 public:
  static constexpr absl::Duration kLeaseDuration = absl::Seconds(15);

  /// How long to wait for who holds the lock.
  enum class Patience {
    kForAKilledHolder,  ///< no longer than a killed action can hold it
    kWhileItIsHeld,     ///< until the context ends
  };

  /// Waits for the lock until `context` ends at the latest. `finishing` bounds giving it back. Errors:
  /// FailedPrecondition (another action holds it), Cancelled, containerd's own.
  static absl::StatusOr<std::unique_ptr<TagLock>> Acquire(node::ContainerdActions& containerd, const Clock& clock,
                                                          const Finishing& finishing, const std::string& name,
                                                          const CallContext& context,
                                                          Patience patience = Patience::kForAKilledHolder);
  /// Gives the lock back.
  ~TagLock();
  TagLock(const TagLock&) = delete;
  TagLock& operator=(const TagLock&) = delete;

  /// Reads the leases. Errors: the lock was lost (this process stood still for longer than kLeaseDuration), or
  /// containerd cannot be asked.
  absl::Status StillHeld(const CallContext& context);

 private:
  TagLock(node::ContainerdActions& containerd, const Clock& clock, const Finishing& finishing, std::string name);

  absl::Status TryOnce(const CallContext& context);
  absl::Status TakeOver(const std::vector<node::Lease>& expired, const CallContext& context);
  bool IsOthers(const node::Lease& lease) const;
  bool IsMine(const node::Lease& lease) const;
  node::Lease NewLease(const std::string& id) const;
  void Prolong(const std::stop_token& end);
  void GiveBack();

  node::ContainerdActions& containerd_;
  const Clock& clock_;
  const Finishing& finishing_;
  std::string name_;
  std::string id_;
  std::string token_;
  std::string held_;  ///< the lease that made this the holder
  std::jthread prolonger_;
};

/// Hex digits that no other process has.
std::string RandomToken();

}  // namespace tagdrift::agent
