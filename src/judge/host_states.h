#pragma once

#include <vector>

#include "fact_lookup.h"
#include "origin.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// The state of every host of the route, by the answers recorded. Asks for more only where a digest differs from the
/// origin's.
std::vector<HostResult> JudgeHosts(FactLookup& lookup, const OriginView& origin);

}  // namespace tagdrift::judge
