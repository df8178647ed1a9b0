#include "round.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/node/content_reader.h"

namespace tagdrift::agent {
namespace {

// What a round holds of content is a tenth of this for a usual tag: three documents that have changed, and three
// stored.
constexpr std::size_t kContentBytesOfATag = 64 << 10;
constexpr std::size_t kContentBytes = 64 << 20;

/// registry.headers go to every host, before the host's own values of the same name.
void AddHeaders(const std::map<std::string, std::vector<std::string>>& headers, hosts::RegistryHost& host) {
  for (const auto& [name, values] : headers) {
    std::vector<std::string>& all = host.headers[name];
    all.insert(all.begin(), values.begin(), values.end());
  }
}

/// Another runtime's mirrors are not known: only the registry itself is asked, and nothing is said of the next pull.
hosts::RegistryConfig ConfigOf(const Observation& seen, const std::string& registry) {
  if (seen.node.runtime.name != "containerd") return hosts::LoadRegistryConfig(*seen.tree, {}, registry);
  hosts::RegistryConfig config = hosts::LoadRegistryConfig(*seen.tree, seen.settings, registry);
  for (hosts::RegistryHost& host : config.hosts) AddHeaders(seen.settings.headers, host);
  return config;
}

/// What is asked of another runtime, or of a containerd whose configuration is not the files', is no forecast.
void WithholdForecast(const Observation& seen, judge::Route& route) {
  if (seen.node.runtime.name != "containerd") {
    route.no_forecast =
        "the runtime is " + seen.node.runtime.name + ", whose mirror configuration tagdrift does not read";
  } else if (seen.settings.restart_pending) {
    route.no_forecast = seen.settings.restart_pending;
    if (!route.origin_is_other_host) return;
    // The running containerd may know nothing of this `server`.
    hosts::RegistryConfig config = std::move(route.config);
    config.hosts.clear();
    config.unknown = seen.settings.restart_pending;
    route = judge::MakeRoute(std::move(config), seen.settings.version, std::nullopt);
  }
}

std::map<std::string, judge::Route> Routes(const Observation& seen, const CheckOptions& options,
                                           const std::vector<facts::CachedImage>& images) {
  std::map<std::string, judge::Route> routes;
  for (const facts::CachedImage& image : images) {
    const std::string& registry = image.reference.registry();
    if (routes.contains(registry)) continue;
    const auto origin = options.origins.find(registry);
    judge::Route route = judge::MakeRoute(
        ConfigOf(seen, registry), seen.settings.version,
        origin == options.origins.end() ? std::nullopt : std::optional<hosts::RegistryHost>(origin->second));
    WithholdForecast(seen, route);
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

std::string EndedEarly(const CallContext& context) {
  return std::string(context.stop.stop_requested() ? "the check was stopped" : "the time given (--timeout) ended") +
         " before every answer was there and had been confirmed: this is what is known";
}

}  // namespace

absl::StatusOr<report::Round> RunRound(const Shared& shared, Observation seen, const CheckOptions& options,
                                       const CallContext& context) {
  auto images = ImagesToCheck(options, seen.node);
  if (!images.ok()) return images.status();
  report::Round round;
  round.checked_at = shared.clock.Wall();
  round.routes = Routes(seen, options, *images);

  judge::Context rules;
  rules.platform = seen.node.platform;
  rules.has_content_store = seen.node.runtime.has_image_store;
  rules.all_hosts = options.all_hosts;
  rules.ask_local = options.ask_local;
  rules.now = round.checked_at;
  const auto budget = std::make_shared<ByteBudget>(kContentBytes + images->size() * kContentBytesOfATag);
  node::ContentReader content(rules.has_content_store ? shared.runtime.containerd.get() : nullptr, &shared.stored,
                              budget.get());
  const auto batch = shared.registry.Open(
      options.rate_class, std::make_shared<const registry::Network>(std::move(seen.network)), context, budget);
  Collector collector(shared, rules, round.routes, content, *batch, *budget, options.waiting, context);
  round.tags = collector.Collect(*std::move(images), options.progress);
  round.tags_on_node = seen.node.images.size();
  round.settings = std::move(seen.settings);
  round.node = std::move(seen.node);
  if (context.Ended(shared.clock.Steady())) round.node.notes.push_back(EndedEarly(context));
  round.node.images.clear();
  round.node.other_digests.clear();
  return round;
}

}  // namespace tagdrift::agent
