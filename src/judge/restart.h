#pragma once

#include "tagdrift/facts/pods.h"
#include "tagdrift/facts/pull_verification.h"
#include "tagdrift/judge/containers.h"

namespace tagdrift::judge {

inline bool IsRight(Outcome outcome) { return outcome == Outcome::kFresh || outcome == Outcome::kEquivalent; }

/// The policy of the pod's spec, else the one that Kubernetes gives a container of this image by default.
AppliedPullPolicy PullPolicyOf(const facts::PodContainer* spec, const image::Reference& reference);

/// What starting a container of `name` again would run. `pod` and `spec`, its container: null where they are not known.
Restart ForecastRestart(const JudgedName& name, facts::PullPolicy policy, const facts::Pod* pod,
                        const facts::PodContainer* spec, const facts::PullVerification& verification);

/// Whether the kubelet starts what a refresh would bring, rather than pull it again or refuse it: another client than
/// it has pulled that. Where it cannot be known, true.
bool RefreshIsUsed(const JudgedName& name, facts::PullPolicy policy, const facts::Pod* pod,
                   const facts::PodContainer* spec, const facts::PullVerification& verification);

}  // namespace tagdrift::judge
