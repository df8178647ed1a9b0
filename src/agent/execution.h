#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "audit.h"
#include "finishing.h"
#include "round.h"
#include "tag_lock.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::agent {

/// What carrying out one plan works with.
struct Execution {
  const Shared& shared;
  const registry::CredentialSource& credentials;
  const ActionRequest& request;
  const ActionHooks& hooks;
  const CallContext& context;  ///< of all that comes before the tag is touched
  const Finishing& finishing;  ///< of all that comes after it, and of giving back
  TagLock& lock;
  TagLock* digest_lock;  ///< of the digest name; null: the reference is that name, or none is touched
  Audit& audit;
  const judge::ActionFacts& facts;
  const judge::Plan& plan;

  node::RuntimeClients& runtime() const { return shared.runtime; }
  const image::Platform& platform() const { return facts.platform; }
  SteadyTime now() const { return shared.clock.Steady(); }
  std::string name() const { return plan.reference.Canonical(); }
  /// "repository@digest" of the wanted content.
  std::string digest_name() const { return plan.reference.At(*plan.to).Canonical(); }
};

/// Whether containerd is not there, or its CRI not up yet: up to 1.7 that is an error of no code (checkInitialized in
/// pkg/cri/server/instrumented_service.go).
bool IsOfARestart(const absl::Status& status);

/// What `ask` answers, asked again while a restart of containerd is in the way: as long as one takes, and the call may
/// go on.
template <typename Ask>
auto AskThroughARestart(const Shared& shared, const CallContext& context, const Ask& ask) {
  constexpr std::chrono::seconds kRestart(10);
  constexpr std::chrono::milliseconds kPause(250);
  const SteadyTime give_up = shared.clock.Steady() + kRestart;
  for (;;) {
    auto answer = ask();
    const SteadyTime next = shared.clock.Steady() + kPause;
    if (!IsOfARestart(answer.status()) || next > give_up || context.Ended(next)) return answer;
    if (!shared.clock.WaitUntil(next, context.stop)) return answer;
  }
}

/// What the name points to now. Waits a little for a containerd that is just being restarted.
/// Errors: it could not be asked.
absl::StatusOr<std::optional<node::ImageRecord>> ReadName(const Shared& shared, const std::string& name,
                                                          const CallContext& context);

/// Each carries out a plan that is not refused, and reports what the node says afterwards.
report::ActionOutcome DoRefresh(const Execution& execution);
report::ActionOutcome DoPrePull(const Execution& execution);
report::ActionOutcome DoEvict(const Execution& execution);

}  // namespace tagdrift::agent
