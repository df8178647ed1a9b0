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

/// The plan, after a look at the disk, of which others have reserved `reserved_bytes`.
judge::Plan MakePlan(const Shared& shared, const ActionRequest& request, CollectedFacts& collected,
                     std::int64_t reserved_bytes, const CallContext& context);

}  // namespace tagdrift::agent
