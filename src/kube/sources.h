#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kube/client.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/pods.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/kube/pod_list.h"

namespace tagdrift::kube {

/// Pods by the kubelet at `authority` ("127.0.0.1:10250"). It is verified by the certificate that it made itself, where
/// `node_files` have that, else by the cluster's CA. Errors: why there are none, and what would help.
absl::StatusOr<std::vector<facts::Pod>> PodsOfKubelet(Client& client, const std::string& authority,
                                                      const hosts::FileTree& node_files, const CallContext& context);

/// Pods of the node by the API server, `next` empty: served from its watch cache, page by page where it pages. Errors:
/// as above; NotFound where the server knows no pod of a node of that name.
absl::StatusOr<PodList> PodsOfApi(Client& client, const std::string& node_name, const CallContext& context);

/// Gives `on_event` what happens to the pods of the node after `version`, until that or the server ends it: within five
/// minutes. Errors: as above; those of ReadPodEvent, and of `on_event`.
absl::Status WatchPods(Client& client, const std::string& node_name, const std::string& version,
                       const std::function<absl::Status(PodEvent event)>& on_event, const CallContext& context);

/// `status.nodeInfo.kubeletVersion` of the Node; empty where the API server does not tell.
std::string KubeletVersion(Client& client, const std::string& node_name, const CallContext& context);

}  // namespace tagdrift::kube
