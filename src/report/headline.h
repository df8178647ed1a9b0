#pragma once

#include <string>

#include "judged_tags.h"
#include "tagdrift/report/round.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::report {

/// Counts the tags and containers of the round and makes the headline. `tags`: of the round.
v1::Summary Summarise(const Round& round, const JudgedTags& tags);

}  // namespace tagdrift::report
