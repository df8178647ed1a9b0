#include "action_facts.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "content_fetcher.h"
#include "disk.h"
#include "image_holders.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/node/content_reader.h"
#include "wanted_image.h"

namespace tagdrift::agent {
namespace {

const facts::CachedImage* FindName(const facts::Node& node, const image::Reference& reference) {
  for (const auto* images : {&node.images, &node.other_digests}) {
    for (const facts::CachedImage& image : *images) {
      if (image.reference == reference) return &image;
    }
  }
  return nullptr;
}

/// What else the node has of the same target and the same image id.
void FillNames(const facts::Node& node, const facts::CachedImage& cached, judge::ActionFacts& facts) {
  for (const auto* images : {&node.images, &node.other_digests}) {
    for (const facts::CachedImage& image : *images) {
      if (image.reference == cached.reference) continue;
      const std::string name = image.reference.Canonical();
      const bool same_image = cached.cri_image_id && image.cri_image_id == cached.cri_image_id;
      if (same_image || (cached.target && image.target == cached.target)) facts.siblings.push_back(name);
      if (!same_image) continue;
      facts.image_names.push_back(name);
      if (image.reference.tag()) facts.other_tags.push_back(name);
    }
  }
  if (cached.cri_image_id) facts.image_names.push_back(*cached.cri_image_id);
  std::sort(facts.siblings.begin(), facts.siblings.end());
}

/// What names of the repository point to.
void FillKnownDigests(const facts::Node& node, judge::ActionFacts& facts) {
  for (const auto* images : {&node.images, &node.other_digests}) {
    for (const facts::CachedImage& image : *images) {
      if (image.target && image.reference.Name() == facts.reference.Name()) facts.known_digests.insert(*image.target);
    }
  }
}

absl::Status FillHolders(node::CriClient& cri, const facts::CachedImage& cached, const CallContext& context,
                         judge::ActionFacts& facts) {
  if (!cached.cri_image_id) return absl::OkStatus();
  const auto holders = HoldersOf(cri, *cached.cri_image_id, context);
  if (!holders.ok()) return holders.status();
  facts.image_holders = static_cast<int>(holders->size());
  return absl::OkStatus();
}

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

absl::Status FillWanted(const Shared& shared, const ActionRequest& request, const judge::Route& route,
                        std::shared_ptr<const registry::Network> network, const CallContext& context,
                        judge::ActionFacts& facts) {
  const std::optional<image::Digest> digest = judge::WantedDigest(facts, request.options);
  if (!digest || request.action == judge::ActionKind::kEvict || !facts.has_image_store) return absl::OkStatus();
  const auto batch = shared.registry.Open(registry::RateClass::kAction, std::move(network), context);
  ContentFetcher fetcher(*batch, route, request.reference);
  auto wanted = FindWantedImage(
      shared.runtime, facts.platform, *digest,
      [&](const image::Digest& blob, const std::string& media_type, bool is_config) {
        return fetcher.Fetch(blob, media_type, is_config);
      },
      context);
  if (!wanted.ok()) return wanted.status();
  facts.wanted = *std::move(wanted);
  auto record = shared.runtime.containerd->GetImage(request.reference.At(*digest).Canonical(), context);
  if (!record.ok()) return record.status();
  facts.wanted->has_digest_name =
      *record && (*record)->target_digest == digest->text() && image::IsManifestOrIndex((*record)->target_media_type);
  const auto blob = shared.runtime.containerd->Info(*digest, context);
  if (!blob.ok()) return blob.status();
  facts.wanted->is_of_repository =
      facts.wanted->has_digest_name || (*blob && node::IsFrom(request.reference, (*blob)->labels));
  if (judge::HasToBePulled(facts, request.options)) facts.wanted->deliveries = fetcher.DeliveriesOf(*digest);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CollectedFacts> CollectFacts(const Shared& shared, Observation seen, const ActionRequest& request,
                                            const CallContext& context) {
  CollectedFacts collected{
      .route = nullptr, .tree = seen.tree, .node_name = seen.node.name, .facts = {.reference = request.reference}};
  judge::ActionFacts& facts = collected.facts;
  facts.has_image_store = seen.node.runtime.has_image_store;
  facts.platform = seen.node.platform;
  facts.sandbox_image = seen.sandbox_image;
  const facts::CachedImage* cached = FindName(seen.node, request.reference);
  const bool is_cached = cached != nullptr;
  FillKnownDigests(seen.node, facts);
  if (is_cached) {
    FillNames(seen.node, *cached, facts);
    if (absl::Status status = FillHolders(*shared.runtime.cri, *cached, context, facts); !status.ok()) return status;
  }
  auto network = std::make_shared<const registry::Network>(seen.network);
  auto round = RunRound(shared, std::move(seen), OptionsOf(request, is_cached), context);
  if (!round.ok()) return round.status();
  collected.route = std::make_shared<const judge::Route>(round->routes.at(request.reference.registry()));
  facts.route = collected.route.get();
  if (!round->tags.empty()) {
    facts.result = std::move(round->tags.front().result);
    if (is_cached) facts.cached = std::move(round->tags.front().facts.image);
    for (const judge::HostResult& host : facts.result.hosts) {
      if (host.digest) facts.known_digests.insert(*host.digest);
    }
  }
  absl::Status filled = FillWanted(shared, request, *collected.route, std::move(network), context, facts);
  if (!filled.ok()) return filled;
  return collected;
}

judge::Plan MakePlan(const Shared& shared, const ActionRequest& request, CollectedFacts& collected,
                     std::int64_t reserved_bytes, const CallContext& context) {
  judge::ActionFacts& facts = collected.facts;
  facts.disk = ReadDisk(*shared.runtime.cri, *collected.tree, context);
  facts.disk.threshold_percent = request.disk_threshold;
  if (facts.disk.available) *facts.disk.available -= reserved_bytes;
  switch (request.action) {
    case judge::ActionKind::kRefresh:
      return judge::PlanRefresh(facts, request.options);
    case judge::ActionKind::kPrePull:
      return judge::PlanPrePull(facts, request.options);
    case judge::ActionKind::kEvict:
      break;
  }
  return judge::PlanEvict(facts, request.options);
}

}  // namespace tagdrift::agent
