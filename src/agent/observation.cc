#include "observation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tagdrift/call/linked_stop.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/kube/pods.h"
#include "tagdrift/kube/pull_verification.h"
#include "tagdrift/node/inventory.h"
#include "tagdrift/node/settings.h"
#include "tagdrift/registry/system_ca.h"

namespace tagdrift::agent {
namespace {

constexpr char kDefaultSocket[] = "/run/containerd/containerd.sock";
/// Where administrators put drop-ins for the services that their distribution brings: systemd.unit(5).
constexpr char kAdministratorsUnits[] = "/etc/systemd/system";
constexpr std::size_t kMostCaBytes = 16 << 20;
constexpr std::array kProxyVariables = {"HTTP_PROXY",  "http_proxy", "HTTPS_PROXY",
                                        "https_proxy", "NO_PROXY",   "no_proxy"};

/// The node's CA bundle where Go looks for it, read within the node's root: links in it lead there too.
std::string ReadCaBundle(const hosts::FileTree& tree) {
  for (const std::string& path : registry::SystemCaPlaces()) {
    if (auto pem = tree.Read(path, kMostCaBytes); pem.ok() && !pem->empty()) return *std::move(pem);
  }
  return "";
}

std::map<std::string, std::string> ProxyVariablesOf(const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> variables;
  for (const char* name : kProxyVariables) {
    if (const auto found = environment.find(name); found != environment.end()) variables.insert(*found);
  }
  return variables;
}

/// The kubelet tells every container where the API server is.
bool InPod(const Options& options) { return options.environment.contains("KUBERNETES_SERVICE_HOST"); }

/// Of a runtime of which neither its process nor its service's units can be seen.
void TakeProxiesForUnknown(hosts::RegistrySettings& settings) {
  settings.proxies_unknown = fmt::format(
      "the runtime's proxy settings are unknown: this pod sees neither its process nor {}; HTTPS_PROXY and "
      "NO_PROXY of the agent say them (NO_PROXY=*: it has no proxy)",
      kAdministratorsUnits);
  settings.notes.push_back({hosts::NoteKind::kProxiesUnknown, "", 0, *settings.proxies_unknown});
}

/// The runtime's proxy settings; where they cannot be seen, this process's own, with a note on the node; where it has
/// none, those that the node's files give to the runtime's service. Where these cannot be seen either, none, and that
/// is said in `seen.settings`.
std::map<std::string, std::string> ReadProxies(const Options& options, const hosts::FileTree& tree, Observation& seen) {
  const absl::StatusOr<std::string> socket = node::SocketPath(EndpointOf(options));
  if (const std::optional<int> pid = socket.ok() ? node::ListenerPid(*socket) : std::nullopt) {
    if (auto environment = node::ProxyEnvironment(*pid)) return *std::move(environment);
  }
  std::map<std::string, std::string> own = ProxyVariablesOf(options.environment);
  if (!own.empty()) {
    seen.node.notes.push_back(
        "the runtime's proxy settings cannot be read (needs the node's PID namespace); tagdrift's own are used");
    return own;
  }
  if (auto of_service = socket.ok() ? node::ServiceProxies(tree, *socket) : std::nullopt) return *std::move(of_service);
  if (InPod(options) && !tree.List(kAdministratorsUnits).ok()) TakeProxiesForUnknown(seen.settings);
  return own;
}

}  // namespace

std::string NodeName(const Options& options) {
  const auto given = options.environment.find("NODE_NAME");
  if (given != options.environment.end() && !given->second.empty()) return given->second;
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string EndpointOf(const Options& options) {
  if (!options.runtime_endpoint.empty()) return options.runtime_endpoint;
  return "unix://" + (options.host_root == "/" ? "" : options.host_root) + kDefaultSocket;
}

absl::Status TimeForFiles(const CallContext& context) {
  return context.Check(std::chrono::steady_clock::now(), "reading the node's files");
}

absl::StatusOr<Observation> Observe(const Options& options, node::RuntimeClients& runtime,
                                    const kube::PodWatch& followed, ObservationScope scope,
                                    const CallContext& context) {
  const auto files_missed = std::make_shared<std::atomic<bool>>(false);
  auto tree = hosts::FileTree::Open(options.host_root, [context, files_missed] {
    absl::Status goes_on = TimeForFiles(context);
    if (!goes_on.ok()) *files_missed = true;
    return goes_on;
  });
  if (!tree.ok()) return tree.status();
  const std::string endpoint = EndpointOf(options);
  const auto version = node::Reach(endpoint, runtime, context);
  if (!version.ok()) return version.status();
  const auto status = runtime.cri->Status(context);
  if (!status.ok()) return status.status();
  const std::string name = NodeName(options);
  const bool with_pods = scope.containers && scope.network;
  std::optional<kube::NodePods> latest;
  if (with_pods) latest = followed.Latest();
  kube::NodePods pods = latest ? *std::move(latest) : kube::NodePods();
  std::jthread asking;  // stopped and joined on every way out
  if (with_pods && pods.pods.source == facts::PodSource::kNone) {
    asking = std::jthread([&](const std::stop_token& stop) {
      const LinkedStop either(stop, context.stop);
      pods = kube::ReadPods(options.kube, options.environment, name, *tree, {context.deadline, either.token()});
    });
  }
  auto node = node::ReadNode(*runtime.cri, *runtime.containerd, *version, scope.containers, context);
  if (!node.ok()) return node.status();
  node->name = name;
  if (with_pods) {
    if (asking.joinable()) asking.join();
    // In a pod there is one, though its folder may not be mounted.
    const bool has_kubelet = pods.pods.source != facts::PodSource::kNone || InPod(options);
    node->pull_verification = kube::ReadPullVerification(*tree, has_kubelet, pods.kubelet_version);
    node->pods = std::move(pods.pods);
    if (!pods.note.empty()) node->notes.push_back(std::move(pods.note));
  }

  Observation seen{.tree = nullptr,
                   .node = *std::move(node),
                   .settings = node::LearnSettings(*tree, *version, *status, endpoint, options.overrides),
                   .sandbox_image = "",
                   .network = {},
                   .files_missed = files_missed};
  seen.in_words =
      fmt::format("{} {} at {}; registry hosts from {}", version->runtime_name, version->runtime_version, endpoint,
                  seen.settings.config_path.empty() ? "no config_path" : seen.settings.config_path);
  if (const auto sandbox = image::Reference::Parse(node::SandboxImage(*status)); sandbox.ok()) {
    seen.sandbox_image = sandbox->Canonical();
  }
  if (scope.network) {
    seen.network.proxy_environment = ReadProxies(options, *tree, seen);
    seen.network.ca_pem = ReadCaBundle(*tree);
  }
  seen.tree = std::make_shared<const hosts::FileTree>(*std::move(tree));
  return seen;
}

}  // namespace tagdrift::agent
