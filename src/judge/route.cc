#include "tagdrift/judge/route.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tagdrift::judge {
namespace {

constexpr std::array<std::string_view, 18> kPublicRegistries = {
    "docker.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "registry.k8s.io",
    "k8s.gcr.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "registry.gitlab.com",
    "nvcr.io",
    "docker.elastic.co",
    "registry.access.redhat.com",
    "registry.redhat.io",
    "registry.suse.com",
    "icr.io",
    "lscr.io",
    "codeberg.org",
    "registry-1.docker.io",
};

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

std::optional<std::size_t> FindSame(const Route& route, const hosts::RegistryHost& wanted) {
  for (std::size_t i = 0; i < route.hosts.size(); ++i) {
    const hosts::RegistryHost& host = *route.hosts[i];
    if (host.scheme == wanted.scheme && host.host == wanted.host && host.path == wanted.path) return i;
  }
  return std::nullopt;
}

void ChooseOrigin(Route& route, const std::optional<hosts::RegistryHost>& configured) {
  if (configured) {
    route.origin_source = OriginSource::kConfigured;
    route.origin = FindSame(route, *configured);
    if (!route.origin) {
      hosts::RegistryHost host = *configured;
      host.role = hosts::HostRole::kConfigured;
      route.hosts.push_back(std::make_shared<const hosts::RegistryHost>(std::move(host)));
      route.origin = route.hosts.size() - 1;
    }
    return;
  }
  if (route.hosts.empty()) return;
  route.origin = route.hosts.size() - 1;
  const hosts::RegistryHost& last = *route.hosts.back();
  route.origin_source = last.role == hosts::HostRole::kDefault ? OriginSource::kDefault : OriginSource::kServer;
  route.origin_is_other_host = route.origin_source == OriginSource::kServer &&
                               last.host != hosts::DefaultHostName(route.config.registry) &&
                               last.host != route.config.registry;
}

}  // namespace

const hosts::Note* IgnoredConfiguration(const hosts::RegistryConfig& config) {
  for (const hosts::Note& note : config.notes) {
    if (hosts::SeverityOf(note.kind) == hosts::Severity::kMirrorUnused) return &note;
  }
  return nullptr;
}

bool IsPublicRegistry(std::string_view registry) {
  return std::find(kPublicRegistries.begin(), kPublicRegistries.end(), registry) != kPublicRegistries.end() ||
         EndsWith(registry, ".gcr.io") || EndsWith(registry, ".pkg.dev") || EndsWith(registry, ".docker.io");
}

Route MakeRoute(hosts::RegistryConfig config, hosts::ContainerdVersion version,
                const std::optional<hosts::RegistryHost>& origin) {
  Route route;
  route.version = version;
  for (const hosts::RegistryHost& host : config.hosts) {
    route.hosts.push_back(std::make_shared<const hosts::RegistryHost>(host));
  }
  route.config = std::move(config);
  ChooseOrigin(route, origin);
  for (std::size_t i = 0; i < route.hosts.size(); ++i) {
    std::size_t first = 0;
    while (!route.hosts[first]->SameRequestsAs(*route.hosts[i])) ++first;
    route.same_requests_as.push_back(first);
  }
  return route;
}

}  // namespace tagdrift::judge
