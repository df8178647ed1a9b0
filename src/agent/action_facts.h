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

/// Everything that the request's plan is made from, read now. Errors: the node could not be read.
absl::StatusOr<CollectedFacts> CollectFacts(const ActionSources& sources, const ActionRequest& request,
                                            const std::stop_token& stop);

judge::Plan MakePlan(const ActionRequest& request, const judge::ActionFacts& facts);

}  // namespace tagdrift::agent
