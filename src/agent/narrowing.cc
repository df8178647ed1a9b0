#include "tagdrift/agent/narrowing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/judge/containers.h"

namespace tagdrift::agent {
namespace {

void JudgeNeeded(const OnNeeded& on_needed, const std::set<image::Reference>& kept,
                 const std::vector<judge::ContainerRequest>& requests, report::Round& round) {
  std::set<image::Reference> needed = kept;
  for (const judge::ContainerRequest& request : requests) {
    needed.insert(request.references.begin(), request.references.end());
  }
  for (auto* tags : {&round.tags, &round.asked_for}) {
    for (report::JudgedTag& tag : *tags) {
      if (needed.contains(tag.facts.image.reference)) on_needed(tag);
    }
  }
}

}  // namespace

absl::Status KeepSelected(const Selection& selection, report::Round& round, const OnNeeded& on_needed) {
  if (selection.patterns.empty() && selection.ignored.empty() && !selection.in_use) {
    for (auto* tags : {&round.tags, &round.asked_for}) std::ranges::for_each(*tags, on_needed);
    return absl::OkStatus();
  }
  facts::Node recorded;
  std::vector<facts::CachedImage> asked_for;
  for (const report::JudgedTag& tag : round.tags) recorded.images.push_back(tag.facts.image);
  for (const report::JudgedTag& tag : round.asked_for) asked_for.push_back(tag.facts.image);
  const auto images = Select(selection, recorded, asked_for);
  if (!images.ok()) return images.status();
  std::set<image::Reference> selected;
  for (const facts::CachedImage& image : *images) selected.insert(image.reference);
  std::vector<judge::ContainerRequest> requests;
  for (const judge::ContainerResult& container : round.containers) requests.push_back(container.request);
  SelectContainers(selection, selected, requests);
  JudgeNeeded(on_needed, selected, requests, round);
  report::JudgeContainers(requests, round);
  std::erase_if(round.tags, [&](const auto& tag) { return !selected.contains(tag.facts.image.reference); });
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
  for (report::JudgedTag& tag : round.tags) tag.facts.image.used_by.clear();
  round.containers.clear();
  round.asked_for.clear();
  round.node.containers.clear();
  round.node.sandboxes.clear();
  round.node.pods = {};
  for (facts::CachedImage& image : round.node.images) image.used_by.clear();
}

}  // namespace tagdrift::agent
