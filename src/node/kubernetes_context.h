#pragma once

#include <grpcpp/grpcpp.h>

namespace tagdrift::node {

/// A context of the namespace in which the CRI plugin keeps everything.
struct KubernetesContext : grpc::ClientContext {
  KubernetesContext() { AddMetadata("containerd-namespace", "k8s.io"); }
};

}  // namespace tagdrift::node
