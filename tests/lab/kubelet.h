#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../registry/test_server.h"
#include "cri.h"

namespace tagdrift::lab {

/// Tells the spec of one pod as the node's kubelet does: a PodList over HTTPS, to who has the token. The node has the
/// kubelet's folder meanwhile, without records of pulls: it verifies no pull credentials. One at a time.
class Kubelet {
 public:
  /// The pod as Cri::Run makes it, with this imagePullPolicy.
  Kubelet(const PodSpec& pod, const std::string& pull_policy);
  ~Kubelet();
  Kubelet(const Kubelet&) = delete;
  Kubelet& operator=(const Kubelet&) = delete;

  /// By these tagdrift asks it.
  std::vector<std::string> Options() const;
  /// Gives the sandbox the service account of a pod, by which tagdrift asks without options; answers the NODE_IP that
  /// it takes too.
  std::string GiveServiceAccount() const;

 private:
  std::string kubeconfig_;
  std::unique_ptr<registry::TestServer> server_;
};

}  // namespace tagdrift::lab
