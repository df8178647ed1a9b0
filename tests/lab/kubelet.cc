#include "kubelet.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "../registry/test_certificates.h"
#include "lab_files.h"
#include "process.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

constexpr char kFolder[] = "/var/lib/kubelet";
constexpr char kServiceAccount[] = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr char kToken[] = "lab-token";

json PodListOf(const PodSpec& pod, const std::string& pull_policy) {
  const json container = {{"name", ContainerName(pod)}, {"image", pod.requested}, {"imagePullPolicy", pull_policy}};
  json item = {{"metadata", {{"namespace", pod.pod_namespace}, {"name", pod.name}, {"uid", "uid-" + pod.name}}},
               {"spec", {{"containers", json::array({container})}}},
               {"status", {{"phase", "Running"}}}};
  if (!pod.deployment.empty()) {
    const std::string replica_set = pod.name.substr(0, pod.name.rfind('-'));
    item["metadata"]["labels"]["pod-template-hash"] = replica_set.substr(pod.deployment.size() + 1);
    item["metadata"]["ownerReferences"] =
        json::array({{{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"name", replica_set}, {"controller", true}}});
  }
  return {{"kind", "PodList"}, {"apiVersion", "v1"}, {"items", json::array({item})}};
}

json KubeconfigOf(const std::string& server, const std::string& ca_file) {
  const auto named = [](const std::string& kind, const json& value) {
    return json::array({{{"name", "lab"}, {kind, value}}});
  };
  return {{"kind", "Config"},
          {"apiVersion", "v1"},
          {"current-context", "lab"},
          {"contexts", named("context", {{"cluster", "lab"}, {"user", "lab"}})},
          {"clusters", named("cluster", {{"server", server}, {"certificate-authority", ca_file}})},
          {"users", named("user", {{"token", kToken}})}};
}

}  // namespace

Kubelet::Kubelet(const PodSpec& pod, const std::string& pull_policy) {
  const registry::TestAuthority authority;
  const auto answer = [pods = PodListOf(pod, pull_policy).dump()](const registry::Received& request) {
    if (request.target != "/pods") return registry::ReplyStatus("404 Not Found\r\n");
    const auto token = request.headers.find("authorization");
    if (token == request.headers.end() || token->second != std::string("Bearer ") + kToken) {
      return registry::ReplyStatus("401 Unauthorized\r\n");
    }
    return registry::Reply200(request, "Content-Type: application/json\r\n", pods);
  };
  server_ = std::make_unique<registry::TestServer>(answer, authority.Issue("IP:127.0.0.1"));

  const std::string folder = LabRoot() + "/kubelet/" + pod.name;
  kubeconfig_ = folder + "/kubeconfig";
  WriteFile(folder + "/ca.crt", authority.Certificate());
  WriteFile(kubeconfig_, KubeconfigOf("https://" + server_->Authority(), "ca.crt").dump());
  std::filesystem::create_directory(kFolder);
}

Kubelet::~Kubelet() { std::filesystem::remove(kFolder); }

std::string Kubelet::GiveServiceAccount() const {
  const std::string folder = kServiceAccount;
  WriteFile(folder + "/ca.crt", ReadFile(std::filesystem::path(kubeconfig_).parent_path() / "ca.crt"));
  WriteFile(folder + "/token", kToken);
  return server_->Authority();
}

std::vector<std::string> Kubelet::Options() const {
  return {"--pods-from", "kubelet", "--kubelet", server_->Authority(), "--kubeconfig", kubeconfig_};
}

}  // namespace tagdrift::lab
