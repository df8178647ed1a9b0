#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/kube/pod_watch.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::agent {

/// The node as one round or action sees it, read at its start.
struct Observation {
  std::string in_words = {};  ///< what runtime there is, and where its registries' hosts are configured
  std::shared_ptr<const hosts::FileTree> tree;  ///< the node's root
  facts::Node node;
  hosts::RegistrySettings settings;
  std::string sandbox_image;                              ///< canonical reference; empty where it is not known
  registry::Network network;                              ///< unset where registries are not going to be asked
  std::shared_ptr<const std::atomic<bool>> files_missed;  ///< whether time ended before a file of `tree` was read
};

/// Errors: there is no time left to read the node's files.
absl::Status TimeForFiles(const CallContext& context);

/// What is read.
struct ObservationScope {
  bool containers = true;
  bool network = true;
};

/// As Kubernetes knows the node, unless its name is another than the host's and the environment does not say it.
std::string NodeName(const Options& options);

/// The runtime endpoint that `options` mean.
std::string EndpointOf(const Options& options);

/// Reads the node, containerd's settings and, if wanted, proxies and CA bundle; with containers and network, at the
/// same time, what Kubernetes says of the pods, unless these are followed, and how the kubelet treats images. The
/// runtime's version is asked once. Errors: one line that says what to do.
absl::StatusOr<Observation> Observe(const Options& options, node::RuntimeClients& runtime,
                                    const kube::PodWatch& followed, ObservationScope scope, const CallContext& context);

}  // namespace tagdrift::agent
