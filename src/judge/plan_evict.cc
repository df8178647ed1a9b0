#include <fmt/format.h>

#include "plan_content.h"
#include "plan_origin.h"

namespace tagdrift::judge {
namespace {

std::string UserText(const facts::ContainerUse& use) {
  const std::string pod = use.pod_name.empty() ? "" : fmt::format("{}/{} ", use.pod_namespace, use.pod_name);
  return fmt::format("{}{} ({})", pod, use.name.empty() ? use.id : use.name, use.state);
}

void CheckUsers(const facts::CachedImage& cached, Plan& plan) {
  std::string asked;
  std::string same_image;
  for (const facts::ContainerUse& use : cached.used_by) {
    std::string& list = use.basis == facts::UseBasis::kRequested ? asked : same_image;
    list += (list.empty() ? "" : ", ") + UserText(use);
  }
  if (!asked.empty()) plan.refusals.push_back({RefusalKind::kInUse, "asked for by " + asked});
  if (!same_image.empty()) {
    plan.refusals.push_back(
        {RefusalKind::kInUse,
         "has the image of containers of which it is not known what they asked for: " + same_image});
  }
}

/// The name can come back only if a pull would bring what the registry has.
void CheckNextPull(const ActionFacts& facts, Plan& plan) {
  const Forecast& forecast = facts.result.next_pull;
  const auto refuse = [&](const std::string& why) { plan.refusals.push_back({RefusalKind::kPullNotProven, why}); };
  if (const auto untrusted = WhyOriginUntrusted(facts)) return refuse(*untrusted);
  if (!facts.result.origin_digest) {
    return refuse("the origin's digest is not known" + (facts.result.reason.empty() ? "" : ": " + facts.result.reason));
  }
  if (!forecast.pull.digest || forecast.pull.outcome == Outcome::kFails ||
      forecast.pull.outcome == Outcome::kUndecided) {
    return refuse("nothing proves what the next pull would bring" +
                  (forecast.pull.detail.empty() ? "" : ": " + forecast.pull.detail));
  }
  if (forecast.pull.digest != facts.result.origin_digest) {
    const std::string host = forecast.pull.host ? facts.route->hosts[*forecast.pull.host]->Url() : "a host";
    return refuse(fmt::format("the next pull would bring {} from {}, the origin has {}", forecast.pull.digest->Short(),
                              host, facts.result.origin_digest->Short()));
  }
  if (forecast.credentials != Credentials::kNotNeeded) {
    refuse("the next pull needs credentials, and that the kubelet has them is not proven");
  }
}

void PlanFree(const ActionFacts& facts, Plan& plan) {
  if (facts.image_holders > 0) {
    plan.kept_because = fmt::format("{} container{} hold{} the image", facts.image_holders,
                                    facts.image_holders == 1 ? "" : "s", facts.image_holders == 1 ? "s" : "");
  } else if (!facts.other_tags.empty()) {
    plan.kept_because = "other tags have the image: " + facts.other_tags.front() +
                        (facts.other_tags.size() > 1 ? fmt::format(" and {} more", facts.other_tags.size() - 1) : "");
  } else if (!facts.cached->cri_image_id) {
    plan.kept_because = "the CRI does not know the image";
  }
  if (!plan.kept_because.empty()) return;
  plan.steps.insert(plan.steps.end() - 1, {StepKind::kRemoveImage, *facts.cached->cri_image_id});
  plan.names_go.insert(plan.names_go.end(), facts.image_names.begin(), facts.image_names.end());
  plan.names_stay.clear();
  plan.bytes_to_go = facts.cached->size_bytes;
}

}  // namespace

Plan PlanEvict(const ActionFacts& facts, const ActionOptions& options) {
  Plan plan{.action = ActionKind::kEvict, .reference = facts.reference};
  const std::string name = facts.reference.Canonical();
  if (!facts.has_image_store) {
    plan.refusals.push_back(
        {RefusalKind::kNoImageStore, "the CRI alone removes every name of an image, never one tag"});
    return plan;
  }
  if (facts.reference.digest()) {
    plan.refusals.push_back(
        {RefusalKind::kByDigest, "evict removes tag names; digest names are the kubelet's to collect"});
    return plan;
  }
  if (!facts.cached || !facts.cached->target) {
    plan.nothing_to_do = !facts.cached;
    if (facts.cached) plan.refusals.push_back({RefusalKind::kNotCached, "the name points to no valid digest"});
    return plan;
  }
  plan.from = facts.cached->target;
  plan.image_id = facts.cached->cri_image_id;
  plan.used_by = facts.cached->used_by;
  CheckUsers(*facts.cached, plan);
  if (facts.cached->pinned) plan.refusals.push_back({RefusalKind::kPinned, "pinned in the runtime"});
  if (facts.sandbox_image == name) {
    plan.refusals.push_back({RefusalKind::kSandboxImage, "the runtime's sandbox image: every pod needs it"});
  }
  for (const std::string& pattern : options.protected_by) {
    plan.refusals.push_back({RefusalKind::kProtected, fmt::format("protected by the pattern '{}'", pattern)});
  }
  CheckNextPull(facts, plan);
  plan.names_go = {name};
  plan.names_stay = facts.siblings;
  plan.steps = {{StepKind::kDeleteName, name}, {StepKind::kVerify, name}};
  if (options.free) PlanFree(facts, plan);
  FinishPlan(options, plan);
  return plan;
}

}  // namespace tagdrift::judge
