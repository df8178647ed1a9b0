#pragma once

#include <memory>
#include <stop_token>

#include "absl/status/statusor.h"
#include "tagdrift/agent/actions.h"

namespace tagdrift::agent {

struct CollectedFacts {
  std::shared_ptr<const judge::Route> route;  ///< that of `facts`
  judge::ActionFacts facts;
};

/// Everything that the request's plan is made from, but for the disk, read now. Errors: the node could not be read.
absl::StatusOr<CollectedFacts> CollectFacts(const ActionSources& sources, const ActionRequest& request,
                                            const std::stop_token& stop);

/// The plan, after a look at the disk and at what others have claimed of it (whose mutex the caller holds).
judge::Plan MakePlan(const ActionSources& sources, const ActionRequest& request, judge::ActionFacts& facts);

}  // namespace tagdrift::agent
