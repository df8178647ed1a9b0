#include <fmt/format.h>

#include "plan_content.h"
#include "plan_origin.h"

namespace tagdrift::judge {

Plan PlanPrePull(const ActionFacts& facts, const ActionOptions& options) {
  Plan plan{.action = ActionKind::kPrePull, .reference = facts.reference};
  if (!facts.has_image_store) {
    plan.refusals.push_back(
        {RefusalKind::kNoImageStore, "whether content is complete is only in containerd's own stores"});
    return plan;
  }
  if (facts.cached) plan.from = facts.cached->target;
  if (!facts.wanted) {
    const bool gone = facts.result.verdict == Verdict::kGone;
    const std::string why = facts.result.reason.empty() ? "" : ": " + facts.result.reason;
    plan.refusals.push_back({gone ? RefusalKind::kGone : RefusalKind::kOriginUnknown,
                             (gone ? "the origin has no such tag" : "the origin's digest is not known") + why});
    return plan;
  }
  const bool by_origin = !options.names_digest() && !facts.reference.digest();
  if (const auto untrusted = by_origin ? WhyOriginUntrusted(facts) : std::nullopt) {
    plan.refusals.push_back({RefusalKind::kOriginUnknown, *untrusted});
  }
  PlanContent(facts, options, plan);
  plan.nothing_to_do = !plan.Refused() && facts.wanted->incomplete.empty() && facts.wanted->has_digest_name;
  const std::string by_digest = facts.reference.At(facts.wanted->digest).Canonical();
  plan.steps = {{StepKind::kPull, by_digest}, {StepKind::kVerify, by_digest}};
  FinishPlan(options, plan);
  return plan;
}

}  // namespace tagdrift::judge
