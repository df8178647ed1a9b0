#include "action_facts.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "deliveries.h"
#include "disk.h"
#include "find_image.h"
#include "holders.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/node/inventory.h"

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

absl::Status FillHolders(node::CriClient& cri, const facts::CachedImage& cached, judge::ActionFacts& facts) {
  if (!cached.cri_image_id) return absl::OkStatus();
  const auto holders = HoldersOf(cri, *cached.cri_image_id);
  if (!holders.ok()) return holders.status();
  facts.image_holders = static_cast<int>(holders->size());
  return absl::OkStatus();
}

CheckOptions OptionsOf(const ActionRequest& request, bool cached) {
  CheckOptions options;
  options.origins = request.origins;
  options.deadline = request.deadline;
  // The canonical text of a reference is always one.
  if (cached) {
    options.selection.patterns.push_back(*NamePattern::Parse(request.reference.Canonical()));
  } else {
    options.uncached.push_back(request.reference);
  }
  return options;
}

absl::Status FillWanted(const ActionSources& sources, const ActionRequest& request, const judge::Route& route,
                        const std::stop_token& stop, judge::ActionFacts& facts) {
  const std::optional<image::Digest> digest = judge::WantedDigest(facts, request.options);
  if (!digest || request.action == judge::ActionKind::kEvict || !facts.has_image_store) return absl::OkStatus();
  Deliveries deliveries(*sources.registry, route, request.reference, request.deadline, stop);
  auto wanted = FindImage(*sources.runtime, sources.platform, *digest,
                          [&](const image::Digest& blob, const std::string& media_type, bool is_config) {
                            return deliveries.Fetch(blob, media_type, is_config);
                          });
  if (!wanted.ok()) return wanted.status();
  facts.wanted = *std::move(wanted);
  if (!facts.wanted->incomplete.empty()) facts.wanted->deliveries = deliveries.Of(*digest);
  auto record = sources.runtime->containerd->GetImage(request.reference.At(*digest).Canonical());
  if (!record.ok()) return record.status();
  facts.wanted->has_digest_name =
      *record && (*record)->target_digest == digest->text() && image::IsManifestOrIndex((*record)->target_media_type);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CollectedFacts> CollectFacts(const ActionSources& sources, const ActionRequest& request,
                                            const std::stop_token& stop) {
  auto node = node::ReadNode(*sources.runtime->cri, *sources.runtime->containerd, true);
  if (!node.ok()) return node.status();
  CollectedFacts collected{.route = nullptr, .facts = {.reference = request.reference}};
  judge::ActionFacts& facts = collected.facts;
  facts.has_image_store = node->runtime.has_image_store;
  facts.platform = sources.platform;
  facts.sandbox_image = sources.sandbox_image;
  const facts::CachedImage* cached = FindName(*node, request.reference);
  if (cached != nullptr) {
    FillNames(*node, *cached, facts);
    if (absl::Status status = FillHolders(*sources.runtime->cri, *cached, facts); !status.ok()) return status;
  }
  const bool is_cached = cached != nullptr;
  auto round = Check(
      {sources.runtime, sources.tree, sources.settings, *std::move(node), sources.platform, sources.registry,
       sources.now, sources.known},
      OptionsOf(request, is_cached), [](std::size_t, std::size_t) {}, stop);
  if (!round.ok()) return round.status();
  collected.route = std::make_shared<const judge::Route>(round->routes.at(request.reference.registry()));
  facts.route = collected.route.get();
  if (!round->tags.empty()) {
    facts.result = std::move(round->tags.front().result);
    if (is_cached) facts.cached = std::move(round->tags.front().facts.image);
  }
  if (absl::Status status = FillWanted(sources, request, *collected.route, stop, facts); !status.ok()) return status;
  return collected;
}

judge::Plan MakePlan(const ActionSources& sources, const ActionRequest& request, judge::ActionFacts& facts) {
  facts.disk = ReadDisk(*sources.runtime->cri, *sources.tree);
  facts.disk.threshold_percent = request.disk_threshold;
  if (sources.claims != nullptr && facts.disk.available) *facts.disk.available -= sources.claims->bytes;
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
