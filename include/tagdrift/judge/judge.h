#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/judge/tag_result.h"

/// From facts to a verdict. Pure: no clock, no log, no socket, no file.
namespace tagdrift::judge {

/// What is still needed before `JudgeTag` can say all that can be said. Each fact that is filled in, a refusal
/// included, brings the answer closer; empty when none is missing.
std::vector<MissingFact> Missing(const TagFacts& tag, const Route& route, const Context& context);

/// The judgement by the facts as they are: what is missing counts as unknown.
TagResult JudgeTag(const TagFacts& tag, const Route& route, const Context& context);

/// The hosts to ask once more before `result` is reported, since a pull or a push may have happened in between: the
/// origin and every host that differs from it. Empty for a fresh tag without downgrade risk, for names that were not
/// asked about, and where the origin gave no answer (asking again would be a retry).
std::set<std::size_t> SecondLook(const TagFacts& tag, const Route& route, const TagResult& result);

}  // namespace tagdrift::judge
