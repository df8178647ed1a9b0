#pragma once

#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// What the next pull will do about what is stale.
Cause CauseOfStale(const TagResult& result, const Route& route);

/// `cause`, but where containerd ignores mirrors that are written down and `pull` does not bring what it should, that.
Cause PreferIgnoredConfiguration(Cause cause, const Pull& pull, const Route& route);

}  // namespace tagdrift::judge
