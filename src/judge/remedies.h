#pragma once

#include <vector>

#include "tagdrift/judge/remedies.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// What would put the tag right, in the order to do it; kNone alone where nothing can be done on this node. What
/// changes the next pull is tried on the forecast first, by the facts that are recorded, and left out unless the pull
/// is right then: without `resolve` on the only host that can be reached, every pull would fail.
std::vector<Remedy> Remedies(const TagFacts& tag, const Route& route, const Context& context, const TagResult& result);

}  // namespace tagdrift::judge
