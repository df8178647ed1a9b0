#include "containers.h"

#include <map>
#include <string>
#include <string_view>

namespace tagdrift::node {
namespace {

std::string FirstOf(const std::map<std::string, std::string>& labels, const std::string& key,
                    const std::string& otherwise) {
  const auto found = labels.find(key);
  return found == labels.end() || found->second.empty() ? otherwise : found->second;
}

/// Kubernetes' own keys: the others are of any size and nobody asks for them.
std::map<std::string, std::string> OfKubernetes(const std::map<std::string, std::string>& values) {
  std::map<std::string, std::string> kept;
  for (const auto& [key, value] : values) {
    if (key.starts_with("io.kubernetes.") || key.starts_with("kubernetes.io/config.")) kept.emplace(key, value);
  }
  return kept;
}

facts::Container ContainerOf(const CriContainer& container, const CriSandbox& sandbox, const std::string& recorded) {
  return {.id = container.id,
          .name = container.name,
          .sandbox_id = container.sandbox_id,
          .pod_namespace = FirstOf(container.labels, "io.kubernetes.pod.namespace", sandbox.pod_namespace),
          .pod_name = FirstOf(container.labels, "io.kubernetes.pod.name", sandbox.pod_name),
          .pod_uid = FirstOf(container.labels, "io.kubernetes.pod.uid", sandbox.pod_uid),
          .state = container.state,
          .attempt = container.attempt,
          .created_at = container.created_at,
          .image = container.image,
          .user_specified_image = container.user_specified_image,
          .image_ref = container.image_ref,
          .image_id = container.image_id,
          .recorded_image = recorded,
          .labels = OfKubernetes(container.labels),
          .annotations = OfKubernetes(container.annotations)};
}

}  // namespace

std::vector<facts::Container> ContainersOf(const std::vector<CriContainer>& containers,
                                           const std::vector<CriSandbox>& sandboxes,
                                           const std::vector<ContainerRecord>& records) {
  static const CriSandbox kNone;
  std::map<std::string_view, const CriSandbox*> by_id;
  for (const CriSandbox& sandbox : sandboxes) by_id.emplace(sandbox.id, &sandbox);
  std::map<std::string, std::string> recorded;
  for (const ContainerRecord& record : records) recorded.emplace(record.id, record.image);
  std::vector<facts::Container> result;
  result.reserve(containers.size());
  for (const CriContainer& container : containers) {
    const auto found = by_id.find(container.sandbox_id);
    result.push_back(
        ContainerOf(container, found == by_id.end() ? kNone : *found->second, FirstOf(recorded, container.id, "")));
  }
  return result;
}

std::vector<facts::Sandbox> SandboxesOf(const std::vector<CriSandbox>& sandboxes) {
  std::vector<facts::Sandbox> result;
  result.reserve(sandboxes.size());
  for (const CriSandbox& sandbox : sandboxes) {
    result.push_back({.id = sandbox.id,
                      .pod_namespace = sandbox.pod_namespace,
                      .pod_name = sandbox.pod_name,
                      .pod_uid = sandbox.pod_uid,
                      .state = sandbox.state,
                      .attempt = sandbox.attempt,
                      .created_at = sandbox.created_at,
                      .annotations = OfKubernetes(sandbox.annotations)});
  }
  return result;
}

}  // namespace tagdrift::node
