#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/pods.h"
#include "tagdrift/hosts/file_tree.h"

/// What Kubernetes says about the node: its pods, and how its kubelet treats images.
namespace tagdrift::kube {

/// Who is asked about the pods.
enum class PodsFrom {
  kAuto,  ///< the kubelet, then the API server: the first that answers
  kNone,
  kKubelet,  ///< GET /pods of this node's kubelet
  kApi,      ///< one LIST of this node's pods
};

struct Options {
  PodsFrom from = PodsFrom::kNone;
  /// Tells the API server, its CA, and as whom both are asked. Empty: the service account of the pod that this is.
  std::string kubeconfig = {};
  /// HOST or HOST:PORT of the kubelet. Empty: HOST_IP or NODE_IP of the environment, else 127.0.0.1; port 10250.
  std::string kubelet = {};
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";  ///< folder of token and ca.crt
  std::string user_agent = "tagdrift";
  std::optional<std::chrono::seconds> limit = {};  ///< for each who is asked; nothing: 2 s in auto, else 10 s
};

struct NodePods {
  facts::Pods pods = {};
  /// Why `pods.source` is none although it was to be another, and what would help; else empty.
  std::string note = {};
  std::string kubelet_version = {};  ///< "v1.35.1", where the API server was asked and told
};

/// Asks for the pods of the node that Kubernetes knows as `node_name`. Tokens and certificates are read anew each time.
/// They are sent only to a server that is verified: by the cluster's CA, or, the kubelet, by the certificate that
/// `node_files` has as its own (/var/lib/kubelet/pki/kubelet.crt). That holds for loopback too: 10250 is a port that
/// any process may open where the kubelet does not.
/// In auto nothing is asked, and on a node without a kubelet nothing said, where there is neither a service account nor
/// a kubeconfig. `environment` is this process's. Never fails: see `note`.
NodePods ReadPods(const Options& options, const std::map<std::string, std::string>& environment,
                  const std::string& node_name, const hosts::FileTree& node_files, const CallContext& context);

}  // namespace tagdrift::kube
