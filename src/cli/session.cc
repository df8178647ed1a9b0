#include "session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tagdrift/node/inventory.h"
#include "tagdrift/node/settings.h"

namespace tagdrift::cli {
namespace {

constexpr std::size_t kKnownBytes = 8 << 20;
constexpr std::size_t kMostCaBytes = 16 << 20;
constexpr char kDefaultSocket[] = "/run/containerd/containerd.sock";

std::string Endpoint(const NodeOptions& options) {
  if (!options.runtime_endpoint.empty()) return options.runtime_endpoint;
  return "unix://" + (options.host_root == "/" ? "" : options.host_root) + kDefaultSocket;
}

std::string NodeName() {
  if (const char* name = std::getenv("NODE_NAME"); name != nullptr && *name != '\0') return name;
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

image::Platform ThisPlatform() {
  utsname system{};
  uname(&system);
  std::string cpuinfo;
  if (auto proc = hosts::FileTree::Open("/proc"); proc.ok()) {
    if (auto text = proc->Read("cpuinfo", 1 << 20); text.ok()) cpuinfo = *std::move(text);
  }
  return image::HostPlatform(system.machine, cpuinfo);
}

/// The node's CA bundle where Go looks for it, read within the node's root: links in it lead there too. Empty: this
/// system's own.
std::string NodeCaPem(const hosts::FileTree& tree) {
  if (tree.root() == "/") return "";
  for (const char* path :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (auto pem = tree.Read(path, kMostCaBytes); pem.ok() && !pem->empty()) return *std::move(pem);
  }
  return "";
}

std::map<std::string, std::string> OwnProxyEnvironment() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}) {
    if (const char* value = std::getenv(name)) environment.emplace(name, value);
  }
  return environment;
}

std::map<std::string, std::string> ProxySettings(const std::string& endpoint, facts::Node& node) {
  const absl::StatusOr<std::string> socket = node::SocketPath(endpoint);
  if (const std::optional<int> pid = socket.ok() ? node::ListenerPid(*socket) : std::nullopt) {
    if (auto environment = node::ProxyEnvironment(*pid)) return *std::move(environment);
  }
  if (OwnProxyEnvironment().empty()) return {};
  node.notes.push_back(
      "the runtime's proxy settings cannot be read (needs the node's PID namespace); tagdrift's own are used");
  return OwnProxyEnvironment();
}

absl::StatusOr<std::unique_ptr<registry::Client>> MakeRegistryClient(
    const PolitenessOptions& politeness, const hosts::FileTree& tree, const std::string& endpoint, facts::Node& node,
    std::shared_ptr<const registry::CredentialSource> credentials) {
  registry::Client::Options client;
  client.user_agent = UserAgent(politeness);
  client.politeness = politeness.politeness;
  client.proxy_environment = ProxySettings(endpoint, node);
  client.ca_pem = NodeCaPem(tree);
  return registry::Client::Create(std::move(client), std::move(credentials));
}

}  // namespace

absl::StatusOr<Session> OpenSession(const NodeOptions& options, bool with_containers) {
  auto tree = hosts::FileTree::Open(options.host_root);
  if (!tree.ok()) return tree.status();
  const std::string endpoint = Endpoint(options);
  auto runtime = node::Connect(endpoint, absl::Seconds(20));
  if (!runtime.ok()) return runtime.status();
  auto version = runtime->cri->Version();
  if (!version.ok()) return version.status();
  auto status = runtime->cri->Status();
  if (!status.ok()) return status.status();
  auto node = node::ReadNode(*runtime->cri, *runtime->containerd, with_containers);
  if (!node.ok()) return node.status();
  node->name = NodeName();

  const node::SettingsOverrides overrides{options.containerd_config, options.registry_config_path,
                                          options.containerd_version, options.image_pull};
  hosts::RegistrySettings settings = node::LearnSettings(*tree, *version, *status, endpoint, overrides);
  spdlog::info("{} {} at {}; registry hosts from {}", version->runtime_name, version->runtime_version, endpoint,
               settings.config_path.empty() ? "no config_path" : settings.config_path);
  StopWhenGone stop;
  auto opened = OpenCredentials(options.credentials, settings.endpoint_auths, stop.token());
  if (!opened.ok()) return opened.status();
  std::shared_ptr<const registry::CredentialSource> credentials = *std::move(opened);
  auto client = MakeRegistryClient(options.politeness, *tree, endpoint, *node, credentials);
  if (!client.ok()) return client.status();
  const auto sandbox_image = image::Reference::Parse(node::SandboxImage(*status));
  return Session{*std::move(tree),
                 *std::move(runtime),
                 *std::move(node),
                 ThisPlatform(),
                 std::move(settings),
                 std::move(credentials),
                 *std::move(client),
                 std::make_unique<agent::ContentMemory>(kKnownBytes),
                 sandbox_image.ok() ? sandbox_image->Canonical() : "",
                 std::move(stop)};
}

}  // namespace tagdrift::cli
