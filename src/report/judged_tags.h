#pragma once

#include <map>

#include "tagdrift/image/reference.h"
#include "tagdrift/report/round.h"

namespace tagdrift::report {

/// Every name of a round that was judged, also those that are not listed.
using JudgedTags = std::map<image::Reference, const JudgedTag*>;

inline JudgedTags TagsByReference(const Round& round) {
  JudgedTags tags;
  for (const auto* judged : {&round.tags, &round.asked_for}) {
    for (const JudgedTag& tag : *judged) tags.emplace(tag.facts.image.reference, &tag);
  }
  return tags;
}

inline const judge::Route& RouteOf(const JudgedTag& tag, const Round& round) {
  return round.routes.at(tag.facts.image.reference.registry());
}

/// What the container asked for; null where that is one of several, or was not judged.
inline const JudgedTag* TagOf(const judge::ContainerResult& container, const JudgedTags& tags) {
  if (container.request.references.size() != 1) return nullptr;
  const auto found = tags.find(container.request.references.front());
  return found == tags.end() ? nullptr : found->second;
}

}  // namespace tagdrift::report
