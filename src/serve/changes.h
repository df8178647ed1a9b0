#pragma once

#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// What `now` says that `before` did not. Times at which hosts were asked, and how long they took, are nothing new.
v1::ReportChanges ChangesBetween(const v1::NodeReport& before, const v1::NodeReport& now);

/// Whether anything but times differs.
bool SaysSomethingNew(const v1::NodeReport& before, const v1::NodeReport& now);

}  // namespace tagdrift::serve
