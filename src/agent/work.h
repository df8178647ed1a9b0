#pragma once

#include <string>

#include "absl/time/time.h"
#include "tag_lock.h"
#include "tagdrift/agent/actions.h"

namespace tagdrift::agent {

/// What carrying out one plan works with.
struct Work {
  const ActionSources& sources;
  const ActionRequest& request;
  const ActionHooks& hooks;
  std::stop_token stop;
  TagLock& lock;
  const judge::ActionFacts& facts;
  const judge::Plan& plan;

  node::RuntimeClients& runtime() const { return *sources.runtime; }
  std::string name() const { return plan.reference.Canonical(); }
  /// "repository@digest" of the wanted content.
  std::string digest_name() const { return plan.reference.At(*plan.to).Canonical(); }
  void Audit(const std::string& line) const {
    if (hooks.audit) hooks.audit(line);
  }
};

/// What the tag points to now. Waits a little for a containerd that is just being restarted.
/// Errors: it could not be asked.
absl::StatusOr<std::optional<node::ImageRecord>> ReadName(node::RuntimeClients& runtime, const std::string& name);

/// Each carries out a plan that is not refused, and reports what the node says afterwards.
report::ActionOutcome DoRefresh(const Work& work);
report::ActionOutcome DoPrePull(const Work& work);
report::ActionOutcome DoEvict(const Work& work);

}  // namespace tagdrift::agent
