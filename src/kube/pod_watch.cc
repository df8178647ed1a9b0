#include "tagdrift/kube/pod_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "kube/client.h"
#include "kube/identity.h"
#include "kube/sources.h"
#include "tagdrift/text/text.h"

namespace tagdrift::kube {
namespace {

constexpr std::chrono::seconds kListLimit(30);

absl::Status Apply(PodEvent event, std::vector<facts::Pod>& pods) {
  const auto known = std::ranges::find(pods, event.pod.uid, &facts::Pod::uid);
  if (event.kind == PodEvent::Kind::kGone) {
    if (known != pods.end()) pods.erase(known);
  } else if (known != pods.end()) {
    *known = std::move(event.pod);
  } else {
    if (pods.size() == kMostPods) {
      return absl::ResourceExhaustedError(fmt::format("the node has more than {} pods", kMostPods));
    }
    pods.push_back(std::move(event.pod));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PodWatch::Follow(const std::string& node_name, const std::function<void()>& changed,
                              const CallContext& context) {
  const auto files = hosts::FileTree::Open("/");
  if (!files.ok()) return files.status();
  auto identity = LoadIdentity(options_, environment_, *files);
  if (!identity.ok()) return identity.status();
  if (identity->server.empty()) return absl::NotFoundError("it is not known where the API server is");
  Client client(*std::move(identity), options_.user_agent, *files);
  const std::string node = text::Lower(node_name);

  const CallContext bounded = context.Within(std::chrono::steady_clock::now(), kListLimit);
  auto listed = PodsOfApi(client, node, bounded);
  if (!listed.ok()) return listed.status();
  std::string kubelet_version = KubeletVersion(client, node, bounded);
  const absl::Cleanup forget = [this] {
    const std::lock_guard lock(mutex_);
    latest_.reset();
  };
  {
    const std::lock_guard lock(mutex_);
    latest_ = NodePods{.pods = {facts::PodSource::kApi, std::move(listed->pods)},
                       .kubelet_version = std::move(kubelet_version)};
  }
  changed();

  std::string version = std::move(listed->resource_version);
  for (;;) {
    bool heard = false;
    const absl::Status end = WatchPods(
        client, node, version,
        [&](PodEvent event) {
          heard = true;
          version = event.resource_version;
          if (event.kind == PodEvent::Kind::kBookmark) return absl::OkStatus();
          {
            const std::lock_guard lock(mutex_);
            if (absl::Status applied = Apply(std::move(event), latest_->pods.pods); !applied.ok()) return applied;
          }
          changed();
          return absl::OkStatus();
        },
        context);
    if (!end.ok()) return end;
    // A server that ends each watch at once would be asked without a pause.
    if (!heard) return absl::UnavailableError("the API server ended the watch on pods");
  }
}

std::optional<NodePods> PodWatch::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

}  // namespace tagdrift::kube
