#include "agent_options.h"

#include <unistd.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace tagdrift::cli {
namespace {

std::map<std::string, std::string> OwnEnvironment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

kube::PodsFrom PodsFromNamed(const std::string& name) {
  if (name == "none") return kube::PodsFrom::kNone;
  if (name == "kubelet") return kube::PodsFrom::kKubelet;
  return name == "api" ? kube::PodsFrom::kApi : kube::PodsFrom::kAuto;
}

}  // namespace

absl::StatusOr<std::unique_ptr<agent::Agent>> MakeAgent(const NodeOptions& options) {
  const std::map<std::string, std::string> environment = OwnEnvironment();
  auto credentials = ReadCredentialOptions(options.credentials, environment);
  if (!credentials.ok()) return credentials.status();
  return agent::Agent::Make({
      .runtime_endpoint = options.runtime_endpoint,
      .host_root = options.host_root,
      .overrides = {options.containerd_config, options.registry_config_path, options.containerd_version,
                    options.image_pull},
      .registry = {.user_agent = UserAgent(options.politeness), .politeness = options.politeness.politeness},
      .credentials = *std::move(credentials),
      .kube = {.from = PodsFromNamed(options.pods.from),
               .kubeconfig = options.pods.kubeconfig,
               .kubelet = options.pods.kubelet,
               .user_agent = UserAgent(options.politeness)},
      .environment = environment,
      .state_dir = options.state_dir,
  });
}

CallContext ContextOf(const NodeOptions& options, std::stop_token stop) {
  return CallContext{.stop = std::move(stop)}.Within(SystemClock()->Steady(),
                                                     absl::ToChronoNanoseconds(options.timeout));
}

}  // namespace tagdrift::cli
