#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tagdrift::lab {

/// What the CRI knows of one image.
struct CriImage {
  std::string id;
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
};

/// A pod with one container.
struct Pod {
  std::string sandbox_id;
  std::string container_id;
  std::string log_file;  ///< "<time> stdout F <text>" lines
};

struct PodSpec {
  std::string name;       ///< of the pod
  std::string image_id;   ///< as the kubelet does: it starts what the pull or the status answered
  std::string requested;  ///< what the pod's author wrote
  std::string pod_namespace = "default";
  std::string container = {};   ///< its name; empty: that of the pod
  std::string deployment = {};  ///< whose pod it is, as "DEPLOYMENT-HASH-…" is; empty: a bare one
};

std::string ContainerName(const PodSpec& spec);

/// Plays the kubelet: the calls it makes at a runtime socket.
class Cri {
 public:
  explicit Cri(const std::string& endpoint);

  absl::StatusOr<std::string> Version();
  /// Answers the image id. With `password`, the lab's user and password go along.
  absl::StatusOr<std::string> Pull(const std::string& reference, bool password = false);
  absl::Status Remove(const std::string& reference);
  /// Nothing: not known.
  absl::StatusOr<std::optional<CriImage>> ImageStatus(const std::string& reference);
  absl::StatusOr<std::vector<CriImage>> ListImages();
  /// Runs a pod on the node's network; the container is started when this returns. A pod that cannot be
  /// run is removed.
  absl::StatusOr<Pod> Run(const PodSpec& spec);
  /// Stops and removes the pod with its container.
  absl::Status Remove(const Pod& pod);

 private:
  std::string endpoint_;
};

/// The first line that the container wrote; waits for it.
std::string FirstLine(const Pod& pod);

}  // namespace tagdrift::lab
