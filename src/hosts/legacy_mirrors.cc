#include "legacy_mirrors.h"

#include <optional>

#include "default_host.h"
#include "host_url.h"

namespace tagdrift::hosts {
namespace {

Capabilities LegacyCapabilities(Release release) {
  Capabilities capabilities{Capability::kPull, Capability::kResolve};
  if (release.HasReferrers()) capabilities.Add(Capability::kReferrers);
  return capabilities;
}

/// A registry's own key wins over "*"; there is no merging.
std::vector<std::string> Endpoints(const RegistrySettings& settings, const std::string& registry) {
  auto found = settings.mirrors.find(registry);
  if (found == settings.mirrors.end()) found = settings.mirrors.find("*");
  return found == settings.mirrors.end() ? std::vector<std::string>{} : found->second;
}

std::string DefaultScheme(const std::string& host) { return IsLocalhost(host) ? "http" : "https"; }

}  // namespace

void LoadLegacyHosts(const FileTree& tree, const RegistrySettings& settings, RegistryConfig& config) {
  (void)tree;
  const Release release(settings.version);
  (void)Endpoints(settings, config.registry);
  RegistryHost host;
  host.host = config.registry == "docker.io" ? "registry-1.docker.io" : config.registry;
  host.scheme = DefaultScheme(host.host);
  host.path = "/v2";
  host.capabilities = LegacyCapabilities(release);
  config.hosts.push_back(host);
}

}  // namespace tagdrift::hosts
