#include "action_facts.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "content_fetcher.h"
#include "disk.h"
#include "plan_of_round.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/node/content_reader.h"
#include "wanted_image.h"

namespace tagdrift::agent {
namespace {

/// What AddPlanFacts asks hosts about costs some requests each.
constexpr std::size_t kMostWanted = 50;
constexpr std::size_t kAtOnce = 4;

CheckOptions OptionsOf(const ActionRequest& request, bool cached) {
  CheckOptions options;
  options.with_containers = false;
  options.origins = request.origins;
  options.rate_class = registry::RateClass::kAction;
  // The canonical text of a reference is always one.
  if (cached) {
    options.selection.patterns.push_back(*NamePattern::Parse(request.reference.Canonical()));
  } else {
    options.uncached.push_back(request.reference);
  }
  return options;
}

/// Of the digest that is wanted, if any.
absl::Status FillWanted(const Shared& shared, const judge::ActionOptions& options,
                        std::shared_ptr<const registry::Network> network, const CallContext& context,
                        judge::ActionFacts& facts) {
  const std::optional<image::Digest> digest = judge::WantedDigest(facts, options);
  if (!digest || !facts.has_image_store) return absl::OkStatus();
  const image::Reference& reference = facts.reference;
  const auto batch = shared.registry.Open(registry::RateClass::kAction, std::move(network), context);
  ContentFetcher fetcher(*batch, *facts.route, reference);
  auto wanted = FindWantedImage(
      shared.runtime, facts.platform, *digest,
      [&](const image::Digest& blob, const std::string& media_type, bool is_config) {
        return fetcher.Fetch(blob, media_type, is_config);
      },
      context);
  if (!wanted.ok()) return wanted.status();
  facts.wanted = *std::move(wanted);
  auto record = shared.runtime.containerd->GetImage(reference.At(*digest).Canonical(), context);
  if (!record.ok()) return record.status();
  facts.wanted->has_digest_name =
      *record && (*record)->target_digest == digest->text() && image::IsManifestOrIndex((*record)->target_media_type);
  const auto blob = shared.runtime.containerd->Info(*digest, context);
  if (!blob.ok()) return blob.status();
  facts.wanted->is_of_repository = facts.wanted->has_digest_name || (*blob && node::IsFrom(reference, (*blob)->labels));
  if (judge::HasToBePulled(facts, options)) facts.wanted->deliveries = fetcher.DeliveriesOf(*digest);
  return absl::OkStatus();
}

bool MayBeRefreshed(const judge::TagResult& tag) {
  return tag.origin_digest && (tag.verdict == judge::Verdict::kStale || tag.verdict == judge::Verdict::kEquivalent ||
                               tag.verdict == judge::Verdict::kUndecided);
}

}  // namespace

absl::StatusOr<CollectedFacts> CollectFacts(const Shared& shared, Observation seen, const ActionRequest& request,
                                            const CallContext& context) {
  CollectedFacts collected{
      .route = nullptr, .tree = seen.tree, .node_name = seen.node.name, .facts = {.reference = request.reference}};
  judge::AssignUses(judge::ContainerRequests(seen.node), seen.node);
  const bool is_cached = FindName(seen.node, request.reference) != nullptr;
  auto network = std::make_shared<const registry::Network>(seen.network);
  auto round = RunRound(shared, std::move(seen), OptionsOf(request, is_cached), context);
  if (!round.ok()) return round.status();
  collected.facts = ActionFactsOf(*round, request.reference);
  collected.route = std::make_shared<const judge::Route>(round->routes.at(request.reference.registry()));
  collected.facts.route = collected.route.get();
  if (request.action == judge::ActionKind::kEvict) return collected;
  const absl::Status filled = FillWanted(shared, request.options, std::move(network), context, collected.facts);
  if (!filled.ok()) return filled;
  return collected;
}

void AddPlanFacts(const Shared& shared, const hosts::FileTree& tree, std::shared_ptr<const registry::Network> network,
                  const CallContext& context, report::Round& round) {
  round.disk = ReadDisk(*shared.runtime.cri, tree, context);
  std::vector<report::JudgedTag*> tags;
  for (report::JudgedTag& tag : round.tags) {
    if (tags.size() < kMostWanted && MayBeRefreshed(tag.result)) tags.push_back(&tag);
  }
  std::vector<std::optional<judge::WantedImage>> wanted(tags.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < tags.size() && !context.Ended(shared.clock.Steady()); i = next++) {
      judge::ActionFacts facts = ActionFactsOf(round, tags[i]->facts.image.reference);
      const absl::Status filled = FillWanted(shared, {}, network, context, facts);
      // What was not asked any more would look like hosts without an answer.
      if (filled.ok() && !context.Ended(shared.clock.Steady())) wanted[i] = std::move(facts.wanted);
    }
  };
  {
    std::vector<std::jthread> others;
    while (others.size() + 1 < std::min(tags.size(), kAtOnce)) others.emplace_back(work);
    work();
  }
  for (std::size_t i = 0; i < tags.size(); ++i) tags[i]->wanted = std::move(wanted[i]);
}

}  // namespace tagdrift::agent
