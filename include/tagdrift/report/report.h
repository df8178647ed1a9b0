#pragma once

#include <vector>

#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/report/round.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::report {

/// The one conversion from what was judged to the published message. Header values that can be secret are left out.
v1::NodeReport ToMessage(const Round& round);

/// What is configured for each registry. Header values are as in the files: the reader of this report reads those too.
v1::MirrorsReport ToMessage(const std::vector<hosts::RegistryConfig>& configs,
                            const std::vector<hosts::Note>& findings);

}  // namespace tagdrift::report
