#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/facts/pods.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/remedies.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_result.h"

/// From containers and judged tags to what each container runs, measured by what it asked for. Pure, and linear in the
/// node's containers and images.
namespace tagdrift::judge {

/// Where it is known from which image a container asked for.
enum class RequestSource {
  kUnknown,  ///< nothing tells it
  kRuntime,  ///< the runtime kept what it was told
  kPodSpec,
  kRecord,  ///< containerd recorded one of the names that the image had when the container was made
};

/// A container and the image that it asked for.
struct ContainerRequest {
  std::size_t container = 0;  ///< index into Node::containers
  RequestSource source = RequestSource::kUnknown;
  /// What it asked for. kRecord and kUnknown: what it may have asked for, which is the recorded name, then the tags of
  /// its repository that have moved since the container was made, and every tag that has its image.
  std::vector<image::Reference> references = {};
  std::string image_id = {};             ///< that it runs ("sha256:…"); empty where it is not known
  std::optional<std::size_t> pod = {};   ///< index into Pods::pods
  std::optional<std::size_t> spec = {};  ///< index into Pod::containers
  bool superseded = false;               ///< there is a newer attempt
  bool pod_terminating = false;
  /// The newest attempt of a main or sidecar container, while it runs and its pod is not terminating. Of a container
  /// whose pod's spec is not known, the role is taken for main.
  bool decides = false;
};

/// One per container, in their order.
std::vector<ContainerRequest> ContainerRequests(const facts::Node& node);

/// Sets who uses each of the node's names by `requests`. Digest names that a container asked for become images, others
/// other_digests. Answers an entry with nothing but reference and users for each name that was asked for and is not on
/// the node.
std::vector<facts::CachedImage> AssignUses(const std::vector<ContainerRequest>& requests, facts::Node& node);

struct AppliedPullPolicy {
  facts::PullPolicy value = facts::PullPolicy::kIfNotPresent;
  bool assumed = true;  ///< from the reference, as Kubernetes does by default, since the pod's spec is not known
};

/// What starting the container again on this node would run.
struct Restart {
  Outcome outcome = Outcome::kUndecided;
  bool pulls = false;  ///< the registry is asked; false: what is here is started, or nothing
  std::optional<image::Digest> digest = {};
  std::optional<image::Digest> image_id = {};
  std::optional<std::size_t> host = {};  ///< with `pulls`: index into Route::hosts
  std::string detail = {};               ///< the error that the kubelet would see, or why nothing can be said
};

struct ContainerResult {
  ContainerRequest request;
  Verdict verdict = Verdict::kUndecided;
  Cause cause = Cause::kNone;
  std::string reason = {};  ///< evidence that is not in the other fields
  AppliedPullPolicy pull_policy = {};
  Restart restart = {};
  bool downgrade_risk = false;  ///< it is FRESH or EQUIVALENT, and a restart would make it STALE
  /// In the order to do them: what makes the next start right, the restart, what makes it last. Those about the tag are
  /// the tag's own. kNone alone where something is wrong and nothing can be done; empty where nothing has to be.
  std::vector<Remedy> remedies = {};
};

/// A name that was judged. All outlives the call that it is given to.
struct JudgedName {
  const facts::CachedImage* image = nullptr;
  const TagResult* result = nullptr;
  const Route* route = nullptr;
};

/// Judges each of `requests`, which were made from `node`. A name that is not among `names` counts as not known.
std::vector<ContainerResult> JudgeContainers(const facts::Node& node, const std::vector<ContainerRequest>& requests,
                                             const std::map<image::Reference, JudgedName>& names);

}  // namespace tagdrift::judge
