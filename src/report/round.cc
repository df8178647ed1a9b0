#include "tagdrift/report/round.h"

namespace tagdrift::report {

void JudgeContainers(const std::vector<judge::ContainerRequest>& requests, Round& round) {
  std::map<image::Reference, judge::JudgedName> names;
  for (const auto* judged : {&round.tags, &round.asked_for}) {
    for (const JudgedTag& tag : *judged) {
      const image::Reference& reference = tag.facts.image.reference;
      names.emplace(reference, judge::JudgedName{.image = &tag.facts.image,
                                                 .result = &tag.result,
                                                 .route = &round.routes.at(reference.registry())});
    }
  }
  round.containers = judge::JudgeContainers(round.node, requests, names);
}

}  // namespace tagdrift::report
