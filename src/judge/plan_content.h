#pragma once

#include <vector>

#include "tagdrift/judge/plan.h"

namespace tagdrift::judge {

/// The known digests that begin with `options.to_prefix`.
std::vector<image::Digest> DigestsMeant(const ActionFacts& facts, const ActionOptions& options);

/// What stands against bringing or using the wanted content: platform, hosts, credentials, disk. Content that is to be
/// pulled (NeedsPull) has to be delivered. Sets the plan's deliverer, credentials and bytes.
void PlanContent(const ActionFacts& facts, const ActionOptions& options, Plan& plan);

/// Moves what --force overrides out of the refusals; a plan that is refused or has nothing to do has no steps.
void FinishPlan(const ActionOptions& options, Plan& plan);

}  // namespace tagdrift::judge
