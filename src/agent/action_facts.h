#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "observation.h"
#include "round.h"
#include "tagdrift/agent/actions.h"

namespace tagdrift::agent {

struct CollectedFacts {
  std::shared_ptr<const judge::Route> route;  ///< that of `facts`
  std::shared_ptr<const hosts::FileTree> tree;
  std::string node_name;
  judge::ActionFacts facts;
};

/// Everything that the request's plan is made from, but for the disk, of a node that was just observed. Errors: the
/// node could not be read.
absl::StatusOr<CollectedFacts> CollectFacts(const Shared& shared, Observation seen, const ActionRequest& request,
                                            const CallContext& context);

/// Adds to a round what PlanOf needs of the node beyond it: of tags that are not fresh, some
/// fifty at most, and until the context ends.
void AddPlanFacts(const Shared& shared, const hosts::FileTree& tree, std::shared_ptr<const registry::Network> network,
                  const CallContext& context, report::Round& round);

}  // namespace tagdrift::agent
