#include "tagdrift/kube/pods.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "kube/client.h"
#include "kube/identity.h"
#include "kube/sources.h"
#include "tagdrift/text/text.h"

namespace tagdrift::kube {
namespace {

constexpr std::chrono::seconds kLimitInAuto(2);
constexpr std::chrono::seconds kLimit(10);
constexpr char kAssumed[] = "pull policies are assumed";

/// HOST or HOST:PORT as the authority of a URL; IPv6 addresses may be bare.
std::string Authority(const std::string& address) {
  constexpr char kPort[] = ":10250";
  const std::size_t colon = address.find(':');
  if (colon == std::string::npos) return address + kPort;
  if (address.starts_with('[')) return address.ends_with(']') ? address + kPort : address;
  return address.find(':', colon + 1) == std::string::npos ? address : "[" + address + "]" + kPort;
}

std::string KubeletAuthority(const Options& options, const std::map<std::string, std::string>& environment) {
  if (!options.kubelet.empty()) return Authority(options.kubelet);
  for (const char* name : {"HOST_IP", "NODE_IP"}) {
    const auto found = environment.find(name);
    if (found != environment.end() && !found->second.empty()) return Authority(found->second);
  }
  return Authority("127.0.0.1");
}

struct Source {
  facts::PodSource kind;
  std::string name;
};

std::vector<Source> SourcesOf(PodsFrom from, const std::string& kubelet, const std::string& server) {
  const Source of_kubelet{facts::PodSource::kKubelet, "kubelet " + kubelet};
  const Source of_api{facts::PodSource::kApi, server.empty() ? "API server" : "API server " + server};
  switch (from) {
    case PodsFrom::kAuto:
      return {of_kubelet, of_api};
    case PodsFrom::kNone:
      return {};
    case PodsFrom::kKubelet:
      return {of_kubelet};
    case PodsFrom::kApi:
      return {of_api};
  }
  return {};
}

absl::StatusOr<std::vector<facts::Pod>> Ask(facts::PodSource source, Client& client, const std::string& kubelet,
                                            const std::string& node_name, const hosts::FileTree& node_files,
                                            const CallContext& context) {
  if (source == facts::PodSource::kKubelet) return PodsOfKubelet(client, kubelet, node_files, context);
  if (client.server().empty()) {
    return absl::NotFoundError("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not say where it is");
  }
  auto listed = PodsOfApi(client, node_name, context);
  if (!listed.ok()) return listed.status();
  return std::move(listed->pods);
}

/// Why nobody was asked.
std::string NoIdentity(const Options& options, const absl::Status& status, const hosts::FileTree& node_files) {
  if (status.code() != absl::StatusCode::kNotFound) return fmt::format("{}: {}", kAssumed, text::MessageOf(status));
  if (options.from == PodsFrom::kAuto && !node_files.Stat("/var/lib/kubelet").ok()) return {};
  return fmt::format("{}: there is no service account to ask for the pods' own, --kubeconfig FILE names one", kAssumed);
}

}  // namespace

NodePods ReadPods(const Options& options, const std::map<std::string, std::string>& environment,
                  const std::string& node_name, const hosts::FileTree& node_files, const CallContext& context) {
  NodePods answer;
  if (options.from == PodsFrom::kNone) return answer;
  const auto files = hosts::FileTree::Open("/");
  absl::StatusOr<Identity> identity =
      files.ok() ? LoadIdentity(options, environment, *files) : absl::StatusOr<Identity>(files.status());
  if (!identity.ok()) {
    answer.note = NoIdentity(options, identity.status(), node_files);
    return answer;
  }
  const std::string kubelet = KubeletAuthority(options, environment);
  // Kubernetes takes a host's name in lower case.
  const std::string node = text::Lower(node_name);
  const std::vector<Source> sources = SourcesOf(options.from, kubelet, identity->server);
  Client client(*std::move(identity), options.user_agent, *files);
  const auto limit = options.limit.value_or(options.from == PodsFrom::kAuto ? kLimitInAuto : kLimit);
  for (const Source& source : sources) {
    const CallContext bounded = context.Within(std::chrono::steady_clock::now(), limit);
    auto pods = Ask(source.kind, client, kubelet, node, node_files, bounded);
    if (pods.ok()) {
      if (source.kind == facts::PodSource::kApi) answer.kubelet_version = KubeletVersion(client, node, bounded);
      answer.pods = {source.kind, *std::move(pods)};
      answer.note.clear();
      return answer;
    }
    answer.note += fmt::format("{}{}: {}", answer.note.empty() ? std::string(kAssumed) + ": " : "; ", source.name,
                               text::MessageOf(pods.status()));
  }
  return answer;
}

}  // namespace tagdrift::kube
