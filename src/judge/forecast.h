#pragma once

#include <cstddef>
#include <optional>
#include <set>

#include "comparison.h"
#include "fact_lookup.h"
#include "origin.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// Forecasts the next pull from the recorded answers; looks for content that the node does not have in containerd's
/// fetch order.
Forecast ForecastPull(FactLookup& lookup, const OriginView& origin);

/// The next pull as it would be if some hosts did not answer for the tag.
struct PullWithout {
  Pull pull;
  std::optional<std::size_t> unasked;  ///< the walk goes on to this host, which was not asked about the tag
};

/// `without`: these answer the tag with 404, from which the walk goes on as it does past a host without `resolve`; they
/// still deliver content.
PullWithout ForecastPullWithout(FactLookup& lookup, const OriginView& origin, const std::set<std::size_t>& without);

}  // namespace tagdrift::judge
