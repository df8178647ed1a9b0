#include "cri_messages.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace tagdrift::node {
namespace {

std::string StateText(runtime::v1::ContainerState state) {
  if (state == runtime::v1::CONTAINER_CREATED) return "created";
  if (state == runtime::v1::CONTAINER_RUNNING) return "running";
  if (state == runtime::v1::CONTAINER_EXITED) return "exited";
  return "unknown";
}

/// Nothing where the runtime says none.
std::optional<absl::Time> FromNanos(std::int64_t nanos) {
  return nanos > 0 ? std::optional(absl::FromUnixNanos(nanos)) : std::nullopt;
}

std::string Label(const google::protobuf::Map<std::string, std::string>& labels, const std::string& key,
                  const std::string& otherwise) {
  const auto found = labels.find(key);
  return found == labels.end() || found->second.empty() ? otherwise : found->second;
}

}  // namespace

CriImage FromMessage(const runtime::v1::Image& image) {
  CriImage result;
  result.id = image.id();
  result.repo_tags.assign(image.repo_tags().begin(), image.repo_tags().end());
  result.repo_digests.assign(image.repo_digests().begin(), image.repo_digests().end());
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  result.size_bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(image.size(), kMax));
  result.pinned = image.pinned();
  return result;
}

CriContainer FromMessage(const runtime::v1::Container& container) {
  CriContainer result;
  result.id = container.id();
  result.name = container.metadata().name();
  result.sandbox_id = container.pod_sandbox_id();
  result.image = container.image().image();
  result.user_specified_image = container.image().user_specified_image();
  result.image_ref = container.image_ref();
  result.state = StateText(container.state());
  result.labels = {container.labels().begin(), container.labels().end()};
  result.image_id = container.image_id();
  result.attempt = container.metadata().attempt();
  result.created_at = FromNanos(container.created_at());
  result.annotations = {container.annotations().begin(), container.annotations().end()};
  return result;
}

CriSandbox FromMessage(const runtime::v1::PodSandbox& sandbox) {
  CriSandbox result;
  result.id = sandbox.id();
  result.pod_name = Label(sandbox.labels(), "io.kubernetes.pod.name", sandbox.metadata().name());
  result.pod_namespace = Label(sandbox.labels(), "io.kubernetes.pod.namespace", sandbox.metadata().namespace_());
  result.pod_uid = Label(sandbox.labels(), "io.kubernetes.pod.uid", sandbox.metadata().uid());
  result.state = sandbox.state() == runtime::v1::SANDBOX_READY ? "ready" : "not ready";
  result.attempt = sandbox.metadata().attempt();
  result.created_at = FromNanos(sandbox.created_at());
  result.annotations = {sandbox.annotations().begin(), sandbox.annotations().end()};
  return result;
}

}  // namespace tagdrift::node
