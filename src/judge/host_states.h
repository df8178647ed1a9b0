#pragma once

#include <vector>

#include "inquiry.h"
#include "origin.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// The state of every host of the route, by the answers recorded. Asks for more only where a digest differs from the
/// origin's.
std::vector<HostResult> JudgeHosts(Inquiry& inquiry, const OriginView& origin);

}  // namespace tagdrift::judge
