#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/report/action.h"
#include "tagdrift/report/audit.h"
#include "tagdrift/report/round.h"

/// Actions: planned from fresh facts, done under a node-wide lock per tag, verified on the node.
namespace tagdrift::agent {

struct ActionRequest {
  judge::ActionKind action = judge::ActionKind::kRefresh;
  image::Reference reference;
  judge::ActionOptions options = {};
  std::map<std::string, hosts::RegistryHost> origins = {};  ///< the operator's, by registry
  int disk_threshold = 85;                                  ///< percent
  bool apply = false;                                       ///< false: the plan only
  /// For the audit: who asks ("uid 0", or the name that was authenticated), and an id of what is asked for at once.
  std::string requester = {};
  std::string request_id = {};
  /// How long the CRI may take to follow a change of containerd's image store; milliseconds as a rule.
  absl::Duration cri_settle_timeout = absl::Seconds(10);
};

struct ActionProgress {
  enum class Phase { kWaiting, kPulling, kVerifying };
  std::string reference;
  Phase phase = Phase::kPulling;
  std::int64_t bytes_done = 0;
  std::int64_t bytes_total = 0;
};

/// What an action tells while it works; called from the thread that carries it out.
struct ActionHooks {
  std::function<void(const report::ActionResult& planned)> planned = {};  ///< before anything is done
  std::function<void(const ActionProgress&)> progress = {};
  /// Writes one line of the audit: what the action is going to do, then each change of the node before and after it is
  /// made (leases, which end by themselves, are none), then the outcome. Errors: it could not be written. An action
  /// whose first line was not written does not begin; once it has begun, it goes on to its end whatever becomes of
  /// further lines.
  std::function<absl::Status(const report::AuditRecord& record)> audit = {};
};

/// What the request, without `apply`, shows on the node of `round` at that moment: from the round's facts alone. The
/// outcome is kFailed where they do not hold what the plan needs, and says what.
report::ActionResult PlanOf(const report::Round& round, const ActionRequest& request);

}  // namespace tagdrift::agent
