#pragma once

#include <optional>
#include <string>

#include "tagdrift/facts/pods.h"

namespace tagdrift::kube {

/// Labels of a pod that name the template it was made from; empty where it does not have them.
struct TemplateHashes {
  std::string deployment = {};  ///< pod-template-hash
  std::string rollout = {};     ///< rollouts-pod-template-hash, of Argo Rollouts
};

/// What a person restarts, by the pod's controller: that, or what made it where the names tell (a ReplicaSet
/// NAME-HASH, a Job NAME-TIME). Nothing for a static pod, which its node owns.
std::optional<facts::Controller> WorkloadOf(const facts::Controller& owner, const TemplateHashes& hashes);

}  // namespace tagdrift::kube
