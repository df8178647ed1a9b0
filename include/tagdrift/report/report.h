#pragma once

#include "tagdrift/report/round.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::report {

/// The one conversion from what was judged to the published message. Header values that can be secret are left out.
v1::NodeReport ToMessage(const Round& round);

}  // namespace tagdrift::report
