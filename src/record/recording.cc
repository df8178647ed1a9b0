#include "tagdrift/record/recording.h"

#include <algorithm>
#include <set>

#include "document.h"
#include "round_fields.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/judge/judge.h"

namespace tagdrift::record {
namespace {

constexpr Format kRecordingFormat = {.name = "tagdrift recording", .version = 2, .oldest = 1};

/// The route of a tag's registry; null where it is missing or has no host that the facts speak of.
const judge::Route* RouteOf(const report::Round& round, const report::JudgedTag& judged) {
  const judge::TagFacts& tag = judged.facts;
  const auto route = round.routes.find(tag.image.reference.registry());
  if (route == round.routes.end()) return nullptr;
  const std::size_t hosts = route->second.hosts.size();
  const bool has_all =
      std::ranges::all_of(tag.answers, [&](const auto& answer) { return answer.first.host < hosts; }) &&
      std::ranges::all_of(tag.first_answers, [&](const auto& answer) { return answer.first < hosts; }) &&
      (!judged.wanted ||
       std::ranges::all_of(judged.wanted->deliveries, [&](const auto& delivery) { return delivery.host < hosts; }));
  return has_all ? &route->second : nullptr;
}

/// Of the containers that the round was about.
std::vector<judge::ContainerRequest> RequestsOf(const report::Round& round) {
  std::set<std::size_t> containers;
  for (const judge::ContainerResult& result : round.containers) containers.insert(result.request.container);
  std::vector<judge::ContainerRequest> requests = judge::ContainerRequests(round.node);
  std::erase_if(requests, [&](const auto& request) { return !containers.contains(request.container); });
  return requests;
}

}  // namespace

std::string Write(const Recording& recording) { return WriteDocument(kRecordingFormat, ToJson(recording)); }

absl::StatusOr<Recording> ReadRecording(std::string_view text) {
  auto recording = ReadBody<Recording>(kRecordingFormat, text);
  if (!recording.ok()) return recording.status();
  report::Round& round = recording->round;
  for (auto* tags : {&round.tags, &round.asked_for}) {
    for (report::JudgedTag& tag : *tags) {
      const judge::Route* route = RouteOf(round, tag);
      if (route == nullptr) {
        return absl::InvalidArgumentError(fmt::format("no {} that this tagdrift reads: {} has answers of unknown hosts",
                                                      kRecordingFormat.name, tag.facts.image.reference.Canonical()));
      }
      tag.result = judge::JudgeTag(tag.facts, *route, round.rules);
    }
  }
  report::JudgeContainers(RequestsOf(round), round);
  return recording;
}

}  // namespace tagdrift::record
