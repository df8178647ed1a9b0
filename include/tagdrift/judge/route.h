#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/hosts/containerd_version.h"
#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::judge {

/// Why the origin is the origin.
enum class OriginSource { kServer, kDefault, kConfigured };

/// The hosts behind one registry's tags: containerd's, in its order, and the origin that the tags are compared with.
struct Route {
  hosts::RegistryConfig config;
  hosts::ContainerdVersion version;
  /// containerd's hosts; after them the origin where it is none of these. Shared with requests under way.
  std::vector<std::shared_ptr<const hosts::RegistryHost>> hosts;
  /// For each host the first one that sends the same requests: one answer serves both.
  std::vector<std::size_t> same_requests_as;
  /// Index into `hosts`. Nothing where containerd has no hosts for the registry (`config.error`, `config.unknown`).
  std::optional<std::size_t> origin;
  OriginSource origin_source = OriginSource::kDefault;
  /// The origin is an explicit `server` other than the registry's own host: FRESH only means as fresh as that host.
  bool origin_is_other_host = false;
  /// Set where no forecast can be made whatever the hosts answer, e.g. because the runtime is not containerd.
  std::optional<std::string> no_forecast;
};

/// Builds the route. `origin` is the operator's choice (`--origin`), if any; where it names a host of the list, that
/// entry with its settings is the origin.
Route MakeRoute(hosts::RegistryConfig config, hosts::ContainerdVersion version,
                const std::optional<hosts::RegistryHost>& origin);

/// The finding that containerd silently leaves a mirror unused; null where it uses all that is written down.
const hosts::Note* IgnoredConfiguration(const hosts::RegistryConfig& config);

/// True for well-known public registries, whose tags no mirror defines: docker.io, quay.io, ghcr.io, gcr.io and its
/// regions, *.pkg.dev, registry.k8s.io, k8s.gcr.io, mcr.microsoft.com, public.ecr.aws, registry.gitlab.com, nvcr.io,
/// docker.elastic.co, registry.access.redhat.com, registry.redhat.io, registry.suse.com, icr.io, lscr.io, codeberg.org.
bool IsPublicRegistry(std::string_view registry);

}  // namespace tagdrift::judge
