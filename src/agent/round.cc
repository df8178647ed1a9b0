#include "round.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector.h"
#include "reuse.h"
#include "tagdrift/agent/subject.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/node/content_reader.h"
#include "tagdrift/node/inventory.h"
#include "tagdrift/registry/proxies.h"

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

/// What is asked of another runtime, of a containerd whose configuration is not the files', or without a proxy that
/// containerd may go through, is no forecast.
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
  } else if (seen.settings.proxies_unknown && std::ranges::any_of(route.config.hosts, registry::MayBeProxied)) {
    route.no_forecast = seen.settings.proxies_unknown;
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

/// What a round looks at.
struct Scope {
  std::vector<judge::ContainerRequest> containers;
  std::vector<facts::CachedImage> images;
  std::set<image::Reference> selected;  ///< of the images
  std::set<image::Reference> unlisted;  ///< of the images, those that only containers may have asked for
  std::optional<report::PodName> pod;   ///< that is to be explained
  std::vector<std::string> similar_names;
};

/// `asked_for`: as AssignUses says. Of a pod that is explained, what the node has of others is left out.
absl::Status TakeSubject(const Subject& subject, bool cached_only, const std::vector<facts::CachedImage>& asked_for,
                         facts::Node& node, Scope& scope) {
  auto found = FindSubject(subject, node);
  if (!found.ok()) return found.status();
  scope.pod = std::move(found->pod);
  scope.similar_names = std::move(found->similar_names);
  scope.images = std::move(found->images);
  if (cached_only && !scope.pod && std::ranges::none_of(scope.images, &facts::CachedImage::IsCached)) {
    return absl::NotFoundError("'" + subject.text + "' is not cached on this node, and nobody is asked about others");
  }
  for (facts::CachedImage& image : scope.images) {
    if (image.target) continue;
    const auto asked = std::ranges::find(asked_for, image.reference, &facts::CachedImage::reference);
    if (asked != asked_for.end()) image = *asked;
  }
  if (scope.pod) {
    KeepPod(*scope.pod, node);
    scope.containers = judge::ContainerRequests(node);
  }
  return absl::OkStatus();
}

absl::Status TakeSelection(const Selection& selection, const std::vector<facts::CachedImage>& asked_for,
                           const facts::Node& node, Scope& scope) {
  auto images = Select(selection, node, asked_for);
  if (!images.ok()) return images.status();
  scope.images = *std::move(images);
  for (const facts::CachedImage& image : asked_for) scope.unlisted.insert(image.reference);
  return absl::OkStatus();
}

void SelectContainers(const CheckOptions& options, const Scope& scope, std::vector<judge::ContainerRequest>& requests) {
  if (options.subject) return SelectContainersOf(scope.pod.has_value(), scope.selected, requests);
  SelectContainers(options.selection, scope.selected, requests);
}

/// Sets the uses of the node's names too.
absl::StatusOr<Scope> ScopeOf(const CheckOptions& options, facts::Node& node) {
  Scope scope;
  if (!options.uncached.empty()) {
    for (const image::Reference& name : options.uncached) scope.images.push_back({.reference = name});
    return scope;
  }
  std::vector<facts::CachedImage> asked_for;
  if (options.with_containers) {
    scope.containers = judge::ContainerRequests(node);
    asked_for = judge::AssignUses(scope.containers, node);
  }
  const absl::Status taken = options.subject
                                 ? TakeSubject(*options.subject, options.cached_only, asked_for, node, scope)
                                 : TakeSelection(options.selection, asked_for, node, scope);
  if (!taken.ok()) return taken;
  for (const facts::CachedImage& image : scope.images) scope.selected.insert(image.reference);
  SelectContainers(options, scope, scope.containers);
  for (facts::CachedImage& image : AskedBesides(options.selection, scope.selected, scope.containers, node)) {
    scope.unlisted.insert(image.reference);
    scope.images.push_back(std::move(image));
  }
  return scope;
}

bool IsGood(const judge::ContainerResult& container) {
  switch (container.verdict) {
    case judge::Verdict::kFresh:
    case judge::Verdict::kEquivalent:
    case judge::Verdict::kLocal:
    case judge::Verdict::kImmutable:
      return true;
    case judge::Verdict::kStale:
    case judge::Verdict::kGone:
    case judge::Verdict::kUndecided:
      break;
  }
  return !container.request.decides;
}

/// A container may have been started anew since the node was read: nothing bad is said of one that was not looked at
/// twice. Where it cannot be, the first look stands.
void LookAtContainersAgain(const Shared& shared, const CheckOptions& options, const Scope& scope,
                           const CallContext& context, report::Round& round) {
  if (std::ranges::all_of(round.containers, IsGood)) return;
  const absl::Status read =
      node::ReadContainersAgain(*shared.runtime.cri, *shared.runtime.containerd, context, round.node);
  if (!read.ok()) return;
  if (scope.pod) KeepPod(*scope.pod, round.node);
  std::vector<judge::ContainerRequest> requests = judge::ContainerRequests(round.node);
  SelectContainers(options, scope, requests);
  report::JudgeContainers(requests, round);
}

std::vector<report::JudgedTag> InOrder(std::vector<report::JudgedTag> tags,
                                       const std::map<image::Reference, std::size_t>& order) {
  std::ranges::sort(tags, {}, [&](const report::JudgedTag& tag) { return order.at(tag.facts.image.reference); });
  return tags;
}

std::string EndedEarly(const CallContext& context) {
  return std::string(context.stop.stop_requested() ? "the check was stopped" : "the time given (--timeout) ended") +
         " before every answer was there and had been confirmed: this is what is known";
}

}  // namespace

absl::StatusOr<report::Round> RunRound(const Shared& shared, Observation seen, const CheckOptions& options,
                                       const CallContext& context) {
  auto scope = ScopeOf(options, seen.node);
  if (!scope.ok()) return scope.status();
  report::Round round;
  round.checked_at = shared.clock.Wall();
  round.routes = Routes(seen, options, scope->images);
  // Hosts whose files there was no time to read would be unknown ones.
  if (*seen.files_missed) return TimeForFiles(context);

  judge::Context& rules = round.rules;
  rules.platform = seen.node.platform;
  rules.has_content_store = seen.node.runtime.has_image_store;
  rules.all_hosts = options.all_hosts;
  rules.ask_local = options.ask_local;
  rules.now = round.checked_at;
  const auto budget = std::make_shared<ByteBudget>(kContentBytes + scope->images.size() * kContentBytesOfATag);
  node::ContentReader content(rules.has_content_store ? shared.runtime.containerd.get() : nullptr, &shared.stored,
                              budget.get());
  const auto batch = shared.registry.Open(
      options.rate_class, std::make_shared<const registry::Network>(std::move(seen.network)), context, budget);
  const History::Known history = shared.history.Read(round.checked_at);
  std::map<image::Reference, std::size_t> order;
  for (const facts::CachedImage& image : scope->images) order.emplace(image.reference, order.size());
  Collector collector(shared, rules, round.routes, history, content, *batch, *budget, options.waiting, context);
  std::vector<report::JudgedTag> tags =
      TakeReusable(options.reuse, round.routes, rules, history, content, context, scope->images);
  std::vector<report::JudgedTag> asked = collector.Collect(std::move(scope->images), options.progress);
  for (report::JudgedTag& tag : asked) tag.asked_at = round.checked_at;
  if (context.Ended(shared.clock.Steady())) {
    KeepEarlierAnswers(options.reuse, round.routes, rules, history, content, context, asked);
  }
  std::ranges::move(asked, std::back_inserter(tags));
  for (report::JudgedTag& tag : InOrder(std::move(tags), order)) {
    const bool listed = !scope->unlisted.contains(tag.facts.image.reference);
    (listed ? round.tags : round.asked_for).push_back(std::move(tag));
  }
  round.pod = scope->pod;
  round.similar_names = std::move(scope->similar_names);
  round.tags_on_node = seen.node.images.size();
  round.sandbox_image = std::move(seen.sandbox_image);
  round.settings = std::move(seen.settings);
  round.node = std::move(seen.node);
  std::string note = shared.history.Remember(history, round);
  if (!note.empty()) round.node.notes.push_back(std::move(note));
  if (context.Ended(shared.clock.Steady())) round.node.notes.push_back(EndedEarly(context));
  report::JudgeContainers(scope->containers, round);
  LookAtContainersAgain(shared, options, *scope, context, round);
  return round;
}

}  // namespace tagdrift::agent
