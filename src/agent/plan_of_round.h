#pragma once

#include "tagdrift/agent/actions.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/report/action.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// Also among digest names. Null: the node has no such name.
const facts::CachedImage* FindName(const facts::Node& node, const image::Reference& reference);

/// What a plan is made from, as far as the round tells it: without `wanted`, and with a disk of which nothing is known.
/// The round outlives it.
judge::ActionFacts ActionFactsOf(const report::Round& round, const image::Reference& reference);

judge::Plan MakePlan(const ActionRequest& request, judge::ActionFacts& facts);

/// The outcome of a plan, before anything is done.
void SettlePlanned(report::ActionResult& result);

}  // namespace tagdrift::agent
