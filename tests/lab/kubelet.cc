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
constexpr char kToken[] = "lab-token";

json PodListOf(const PodSpec& pod, const std::string& pull_policy) {
  const json container = {{"name", pod.name}, {"image", pod.requested}, {"imagePullPolicy", pull_policy}};
  const json item = {{"metadata", {{"namespace", "default"}, {"name", pod.name}, {"uid", "uid-" + pod.name}}},
                     {"spec", {{"containers", json::array({container})}}},
                     {"status", {{"phase", "Running"}}}};
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

std::vector<std::string> Kubelet::Options() const {
  return {"--pods-from", "kubelet", "--kubelet", server_->Authority(), "--kubeconfig", kubeconfig_};
}

}  // namespace tagdrift::lab
