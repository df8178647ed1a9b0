#include "tagdrift/agent/narrowing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::agent {
namespace {

/// Adds the names with a digest among `selected`, which are no tags of a round where nothing uses them.
void AddDigestNames(const std::vector<facts::CachedImage>& selected, report::Round& round) {
  std::set<image::Reference> there;
  for (const auto* tags : {&round.tags, &round.asked_for}) {
    for (const report::JudgedTag& tag : *tags) there.insert(tag.facts.image.reference);
  }
  for (const facts::CachedImage& image : selected) {
    if (!image.reference.digest() || there.contains(image.reference)) continue;
    const std::string& registry = image.reference.registry();
    if (!round.routes.contains(registry)) {
      hosts::RegistryConfig config{.registry = registry, .unknown = "the round did not look at this registry"};
      round.routes.emplace(registry, judge::MakeRoute(std::move(config), round.settings.version, std::nullopt));
    }
    round.tags.push_back({.facts = {.image = image}, .result = {}});
  }
}

/// As a check of `selected` has them: these as tags, and of the others only what `looked_at` names.
void KeepLookedAt(const std::set<image::Reference>& selected, const std::set<image::Reference>& looked_at,
                  report::Round& round) {
  for (report::JudgedTag& tag : std::exchange(round.tags, {})) {
    (selected.contains(tag.facts.image.reference) ? round.tags : round.asked_for).push_back(std::move(tag));
  }
  std::erase_if(round.asked_for, [&](const auto& tag) { return !looked_at.contains(tag.facts.image.reference); });
}

/// Names with a digest are listed only where containers use them.
void LeaveOutDigestNames(report::Round& round) {
  const auto has_digest = [](const image::Reference& name) { return name.digest().has_value(); };
  std::erase_if(round.tags, [&](const auto& tag) { return has_digest(tag.facts.image.reference); });
  facts::Node& node = round.node;
  for (facts::CachedImage& image : std::exchange(node.images, {})) {
    (has_digest(image.reference) ? node.other_digests : node.images).push_back(std::move(image));
  }
  round.tags_on_node = node.images.size();
  node.digest_names = node::CountDigestNames(node);
}

void TellNeeded(const OnNeeded& on_needed, report::Round& round) {
  for (auto* tags : {&round.tags, &round.asked_for}) std::ranges::for_each(*tags, on_needed);
}

}  // namespace

absl::Status KeepSelected(const Selection& selection, report::Round& round, const OnNeeded& on_needed) {
  if (selection.patterns.empty() && selection.ignored.empty() && !selection.in_use) {
    TellNeeded(on_needed, round);
    return absl::OkStatus();
  }
  facts::Node recorded;
  std::vector<facts::CachedImage> asked_for;
  for (const report::JudgedTag& tag : round.tags) recorded.images.push_back(tag.facts.image);
  for (const report::JudgedTag& tag : round.asked_for) asked_for.push_back(tag.facts.image);
  recorded.other_digests = round.node.other_digests;
  const auto images = Select(selection, recorded, asked_for);
  if (!images.ok()) return images.status();
  std::set<image::Reference> selected;
  for (const facts::CachedImage& image : *images) selected.insert(image.reference);
  std::vector<judge::ContainerRequest> requests;
  for (const judge::ContainerResult& container : round.containers) requests.push_back(container.request);
  SelectContainers(selection, selected, requests);
  AddDigestNames(*images, round);
  std::set<image::Reference> looked_at = selected;
  for (const facts::CachedImage& image : AskedBesides(selection, selected, requests, round.node)) {
    looked_at.insert(image.reference);
  }
  KeepLookedAt(selected, looked_at, round);
  TellNeeded(on_needed, round);
  report::JudgeContainers(requests, round);
  return absl::OkStatus();
}

absl::Status KeepSubject(const Subject& subject, report::Round& round, const OnNeeded& on_needed) {
  auto found = FindSubject(subject, round.node);
  if (!found.ok()) return found.status();
  std::set<image::Reference> selected;
  for (const facts::CachedImage& image : found->images) selected.insert(image.reference);
  std::ranges::move(round.asked_for, std::back_inserter(round.tags));
  round.asked_for.clear();
  std::erase_if(round.tags, [&](const auto& tag) { return !selected.contains(tag.facts.image.reference); });
  if (round.tags.empty() && !found->pod) {
    return absl::NotFoundError(fmt::format("'{}' is not among the tags that were recorded", subject.text));
  }
  std::ranges::for_each(round.tags, on_needed);
  if (found->pod) KeepPod(*found->pod, round.node);
  std::vector<judge::ContainerRequest> requests = judge::ContainerRequests(round.node);
  SelectContainersOf(found->pod.has_value(), selected, requests);
  round.pod = std::move(found->pod);
  report::JudgeContainers(requests, round);
  return absl::OkStatus();
}

void LeaveOutContainers(report::Round& round) {
  LeaveOutDigestNames(round);
  for (report::JudgedTag& tag : round.tags) tag.facts.image.used_by.clear();
  round.containers.clear();
  round.asked_for.clear();
  round.node.containers.clear();
  round.node.sandboxes.clear();
  round.node.pods = {};
  for (auto* images : {&round.node.images, &round.node.other_digests}) {
    for (facts::CachedImage& image : *images) image.used_by.clear();
  }
}

}  // namespace tagdrift::agent
