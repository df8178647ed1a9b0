#pragma once

#include <optional>

#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// What `now` says that `before` did not. Times at which hosts were asked, and how long they took, are nothing new.
v1::ReportChanges ChangesBetween(const v1::NodeReport& before, const v1::NodeReport& now);

/// The same; nothing where only times differ.
std::optional<v1::ReportChanges> NewsBetween(const v1::NodeReport& before, const v1::NodeReport& now);

}  // namespace tagdrift::serve
