#include "tagdrift/report/round.h"

#include "judged_tags.h"
#include "tagdrift/judge/judge.h"

namespace tagdrift::report {

void JudgeTag(const Round& round, JudgedTag& tag) {
  tag.result = judge::JudgeTag(tag.facts, RouteOf(tag, round), round.rules);
}

void JudgeContainers(const std::vector<judge::ContainerRequest>& requests, Round& round) {
  std::map<image::Reference, judge::JudgedName> names;
  for (const auto* judged : {&round.tags, &round.asked_for}) {
    for (const JudgedTag& tag : *judged) {
      const image::Reference& reference = tag.facts.image.reference;
      names.emplace(reference,
                    judge::JudgedName{.image = &tag.facts.image, .result = &tag.result, .route = &RouteOf(tag, round)});
    }
  }
  round.containers = judge::JudgeContainers(round.node, requests, names);
}

}  // namespace tagdrift::report
