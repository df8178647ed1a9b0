#include "tagdrift/agent/check.h"

#include <utility>

#include "collector.h"
#include "tagdrift/judge/route.h"

namespace tagdrift::agent {
namespace {

/// registry.headers go to every host, before the host's own values of the same name.
void AddHeaders(const std::map<std::string, std::vector<std::string>>& headers, hosts::RegistryHost& host) {
  for (const auto& [name, values] : headers) {
    std::vector<std::string>& all = host.headers[name];
    all.insert(all.begin(), values.begin(), values.end());
  }
}

/// Another runtime's mirrors are not known: only the registry itself is asked, and nothing is said of the next pull.
hosts::RegistryConfig ConfigOf(const Sources& sources, const std::string& registry) {
  if (sources.node.runtime.name != "containerd") return hosts::LoadRegistryConfig(*sources.tree, {}, registry);
  hosts::RegistryConfig config = hosts::LoadRegistryConfig(*sources.tree, sources.settings, registry);
  for (hosts::RegistryHost& host : config.hosts) AddHeaders(sources.settings.headers, host);
  return config;
}

std::map<std::string, judge::Route> Routes(const Sources& sources, const CheckOptions& options,
                                           const std::vector<facts::CachedImage>& images) {
  std::map<std::string, judge::Route> routes;
  for (const facts::CachedImage& image : images) {
    const std::string& registry = image.reference.registry();
    if (routes.contains(registry)) continue;
    const auto origin = options.origins.find(registry);
    judge::Route route = judge::MakeRoute(
        ConfigOf(sources, registry), sources.settings.version,
        origin == options.origins.end() ? std::nullopt : std::optional<hosts::RegistryHost>(origin->second));
    if (sources.node.runtime.name != "containerd") {
      route.no_forecast =
          "the runtime is " + sources.node.runtime.name + ", whose mirror configuration tagdrift does not read";
    }
    routes.emplace(registry, std::move(route));
  }
  return routes;
}

absl::StatusOr<std::vector<facts::CachedImage>> ImagesToCheck(const CheckOptions& options, const facts::Node& node) {
  if (options.uncached.empty()) return Select(options.selection, node);
  std::vector<facts::CachedImage> images;
  for (const image::Reference& name : options.uncached) images.push_back({.reference = name});
  return images;
}

}  // namespace

absl::StatusOr<report::Round> Check(Sources sources, const CheckOptions& options, const Progress& progress,
                                    std::stop_token stop) {
  report::Round round;
  round.checked_at = sources.now();
  auto selected = ImagesToCheck(options, sources.node);
  if (!selected.ok()) return selected.status();
  std::vector<facts::CachedImage> images = *std::move(selected);

  judge::Context context;
  context.platform = sources.platform;
  context.has_content_store = sources.node.runtime.has_image_store;
  context.all_hosts = options.all_hosts;
  context.ask_local = options.ask_local;
  context.now = round.checked_at;
  node::ContentReader content(context.has_content_store ? sources.runtime->containerd.get() : nullptr);
  if (absl::Status status = node::ReadContents(content, context.platform, images); !status.ok()) return status;

  round.routes = Routes(sources, options, images);
  Collector collector(sources, options, context, round.routes, content);
  auto tags = collector.Collect(std::move(images), progress, std::move(stop));
  if (!tags.ok()) return tags.status();
  round.tags = *std::move(tags);
  round.settings = std::move(sources.settings);
  round.node = std::move(sources.node);
  round.node.images.clear();
  round.node.other_digests.clear();
  return round;
}

}  // namespace tagdrift::agent
