#include "plan_of_round.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::agent {
namespace {

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
  std::ranges::sort(facts.siblings);
}

/// What names of the repository point to, and what its hosts name for the tag.
void FillKnownDigests(const facts::Node& node, judge::ActionFacts& facts) {
  for (const auto* images : {&node.images, &node.other_digests}) {
    for (const facts::CachedImage& image : *images) {
      if (image.target && image.reference.Name() == facts.reference.Name()) facts.known_digests.insert(*image.target);
    }
  }
  for (const judge::HostResult& host : facts.result.hosts) {
    if (host.digest) facts.known_digests.insert(*host.digest);
  }
}

/// Some runtimes leave the algorithm out.
std::string_view Bare(std::string_view id) { return id.starts_with("sha256:") ? id.substr(7) : id; }

int HoldersOf(const facts::Node& node, const std::string& image_id) {
  return static_cast<int>(std::ranges::count_if(
      node.containers, [&](const facts::Container& container) { return Bare(container.image_ref) == Bare(image_id); }));
}

const report::JudgedTag* FindTag(const report::Round& round, const image::Reference& reference) {
  for (const auto* tags : {&round.tags, &round.asked_for}) {
    for (const report::JudgedTag& tag : *tags) {
      if (tag.facts.image.reference == reference) return &tag;
    }
  }
  return nullptr;
}

/// What the round does not tell although the plan needs it; empty: nothing.
std::string NotTold(const report::Round& round, const ActionRequest& request, const report::JudgedTag* tag,
                    const judge::ActionFacts& facts) {
  if (!facts.has_image_store) return "";
  const bool evicts = request.action == judge::ActionKind::kEvict;
  if (tag == nullptr) {
    // Of a name that the node does not have only a pull is a question.
    const bool asks = facts.cached || request.action == judge::ActionKind::kPrePull;
    return asks ? "it is not among the tags that were recorded" : "";
  }
  if (evicts) {
    return round.disk ? "" : "what must not be removed was not recorded: that takes this tagdrift, and containers";
  }
  const std::optional<image::Digest> digest = judge::WantedDigest(facts, request.options);
  if (!digest || facts.wanted) return "";
  return fmt::format(
      "what is here of {}, and who delivers it, was not recorded: that is done for the origin's digest, and for up "
      "to 50 tags that are not fresh",
      digest->Short());
}

}  // namespace

const facts::CachedImage* FindName(const facts::Node& node, const image::Reference& reference) {
  for (const auto* images : {&node.images, &node.other_digests}) {
    for (const facts::CachedImage& image : *images) {
      if (image.reference == reference) return &image;
    }
  }
  return nullptr;
}

judge::ActionFacts ActionFactsOf(const report::Round& round, const image::Reference& reference) {
  judge::ActionFacts facts{.reference = reference};
  facts.has_image_store = round.node.runtime.has_image_store;
  facts.platform = round.node.platform;
  facts.sandbox_image = round.sandbox_image;
  const auto route = round.routes.find(reference.registry());
  if (route != round.routes.end()) facts.route = &route->second;
  const report::JudgedTag* tag = FindTag(round, reference);
  if (tag != nullptr) facts.result = tag->result;
  FillKnownDigests(round.node, facts);
  const facts::CachedImage* cached = FindName(round.node, reference);
  if (cached == nullptr) return facts;
  FillNames(round.node, *cached, facts);
  if (cached->cri_image_id) facts.image_holders = HoldersOf(round.node, *cached->cri_image_id);
  facts.cached = tag != nullptr ? tag->facts.image : *cached;
  return facts;
}

judge::Plan MakePlan(const ActionRequest& request, judge::ActionFacts& facts) {
  facts.disk.threshold_percent = request.disk_threshold;
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

void SettlePlanned(report::ActionResult& result) {
  result.outcome.target = result.plan.from;
  if (result.plan.nothing_to_do) {
    result.outcome.state = report::ActionState::kNothingToDo;
  } else if (result.plan.Refused()) {
    result.outcome.state = report::ActionState::kRefused;
  } else {
    result.outcome.state = report::ActionState::kPlanned;
  }
}

report::ActionResult PlanOf(const report::Round& round, const ActionRequest& request) {
  report::ActionResult result{.plan = {.action = request.action, .reference = request.reference}};
  judge::ActionFacts facts = ActionFactsOf(round, request.reference);
  if (facts.route != nullptr) result.route = *facts.route;
  const report::JudgedTag* tag = FindTag(round, request.reference);
  if (tag != nullptr && tag->wanted && request.action != judge::ActionKind::kEvict &&
      tag->wanted->digest == judge::WantedDigest(facts, request.options)) {
    facts.wanted = tag->wanted;
  }
  result.outcome.detail = NotTold(round, request, tag, facts);
  if (!result.outcome.detail.empty()) {
    result.outcome.state = report::ActionState::kFailed;
    return result;
  }
  if (round.disk) facts.disk = *round.disk;
  result.plan = MakePlan(request, facts);
  SettlePlanned(result);
  return result;
}

}  // namespace tagdrift::agent
