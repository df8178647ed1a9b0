#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// What is to be explained, as an operator names it.
struct Subject {
  std::string text;     ///< REFERENCE or NAMESPACE/POD
  bool is_pod = false;  ///< NAMESPACE/POD, although a cached tag may be called so
};

/// Whether `subject` can be one. Errors: InvalidArgument naming the text.
absl::Status CheckSubject(const Subject& subject);

/// What a subject is on a node.
struct FoundSubject {
  std::optional<report::PodName> pod;
  /// The tag, or those that the pod's containers use; a name that the node does not have as an image without a target.
  std::vector<facts::CachedImage> images;
  std::vector<std::string> similar_names;  ///< of a reference that is not here: cached ones that may have been meant
};

/// A cached name, else a pod, else a reference that this node does not have. Errors: NotFound where a pod is meant, by
/// `is_pod` or since the node has pods of that namespace or a pod of a similar name, and it is not here; with what may
/// have been meant.
absl::StatusOr<FoundSubject> FindSubject(const Subject& subject, const facts::Node& node);

/// Leaves of `requests`, made after KeepPod for a pod, those of containers that may have asked for one of `selected`;
/// of a pod also those of which nothing is known.
void SelectContainersOf(bool is_pod, const std::set<image::Reference>& selected,
                        std::vector<judge::ContainerRequest>& requests);

/// Leaves of the node's containers, sandboxes and pods those of `pod`.
void KeepPod(const report::PodName& pod, facts::Node& node);

}  // namespace tagdrift::agent
