#pragma once

#include <optional>

#include "comparison.h"
#include "fact_lookup.h"
#include "origin.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// Forecasts the next pull from the recorded answers; looks for content that the node does not have in containerd's
/// fetch order.
Forecast ForecastPull(FactLookup& lookup, const OriginView& origin);

}  // namespace tagdrift::judge
