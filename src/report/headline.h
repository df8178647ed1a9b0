#pragma once

#include <string>

#include "tagdrift/report/round.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::report {

/// Counts the tags of the round and makes the headline.
v1::Summary Summarise(const Round& round);

}  // namespace tagdrift::report
