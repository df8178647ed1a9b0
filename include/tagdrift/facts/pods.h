#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tagdrift::facts {

/// How a container takes part in its pod.
enum class ContainerRole {
  kMain,
  kInit,
  kSidecar,    ///< an init container with restartPolicy Always
  kEphemeral,  ///< `kubectl debug`
};

enum class PullPolicy { kAlways, kIfNotPresent, kNever };

/// A container as the pod's spec describes it.
struct PodContainer {
  std::string name;
  ContainerRole role = ContainerRole::kMain;
  std::string image;  ///< as written
  std::optional<PullPolicy> pull_policy;

  friend bool operator==(const PodContainer&, const PodContainer&) = default;
};

/// An object that is responsible for a pod.
struct Controller {
  std::string api_version;  ///< "apps/v1"
  std::string kind;
  std::string name;

  friend bool operator==(const Controller&, const Controller&) = default;
};

/// A pod of this node as Kubernetes describes it.
struct Pod {
  std::string namespace_name;
  std::string name;
  std::string uid;
  std::string phase;         ///< "Pending", "Running", "Succeeded", "Failed", "Unknown"
  bool terminating = false;  ///< it has a deletionTimestamp
  std::vector<PodContainer> containers = {};
  std::vector<std::string> pull_secrets = {};  ///< names of imagePullSecrets
  std::optional<Controller> owner = {};        ///< the ownerReference with `controller: true`
  /// What a person restarts: the owner, or its owner where that follows from names (ReplicaSet → Deployment by
  /// pod-template-hash, Job → CronJob by its time). Nothing for a bare pod.
  std::optional<Controller> workload = {};
  std::string config_source = {};  ///< kubernetes.io/config.source: "file" or "http" for a static pod
  /// kubernetes.io/config.mirror: of the pod that stands in the API for a static pod, that one's uid on the node.
  std::string mirror_of = {};

  friend bool operator==(const Pod&, const Pod&) = default;
};

/// The uid that the pod's containers and sandboxes bear on the node.
inline const std::string& UidOnNode(const Pod& pod) { return pod.mirror_of.empty() ? pod.uid : pod.mirror_of; }

/// Who told about the pods.
enum class PodSource { kNone, kKubelet, kApi };

/// The pods of this node.
struct Pods {
  PodSource source = PodSource::kNone;
  std::vector<Pod> pods = {};
};

}  // namespace tagdrift::facts
