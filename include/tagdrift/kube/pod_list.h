#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/facts/pods.h"

namespace tagdrift::kube {

/// Of one node; its kubelet takes 110 by default.
inline constexpr std::size_t kMostPods = 10'000;

/// A v1 PodList, or one page of it.
struct PodList {
  std::vector<facts::Pod> pods;
  std::string next = {};  ///< `metadata.continue`: names the next page; empty on the last one
  std::string resource_version = {};
};

/// One event of a watch on pods.
struct PodEvent {
  enum class Kind { kChanged, kGone, kBookmark };

  Kind kind = Kind::kBookmark;
  facts::Pod pod = {};           ///< none in a bookmark
  std::string resource_version;  ///< from which a watch goes on after this
};

/// Reads a PodList as the kubelet and the API server write it. What is not needed is not kept, so that memory stays
/// well below that of the text. Errors: InvalidArgument saying where ("items[3]: metadata.name is missing");
/// ResourceExhausted where there are more than 10,000 pods, or 1,000 containers in one.
absl::StatusOr<PodList> ReadPodList(std::string_view json);

/// Reads one line of a watch. Errors: as above; Aborted where the API server ends the watch with an error, as it does
/// where it no longer knows the version.
absl::StatusOr<PodEvent> ReadPodEvent(std::string_view json);

}  // namespace tagdrift::kube
