#include <fmt/format.h>

#include "plan_content.h"
#include "plan_origin.h"

namespace tagdrift::judge {
namespace {

std::optional<Refusal> OriginUnknown(const ActionFacts& facts) {
  if (facts.result.origin_digest) return std::nullopt;
  const std::string why = facts.result.reason.empty() ? "" : ": " + facts.result.reason;
  return Refusal{RefusalKind::kOriginUnknown, "the origin's digest is not known" + why};
}

/// Of what would be replaced by the origin's image; nothing where that is the same, or incomplete anyway.
std::optional<Age> AgeOfReplaced(const ActionFacts& facts) {
  const bool same = facts.cached->target == facts.result.origin_digest || facts.result.verdict == Verdict::kEquivalent;
  const bool usable = facts.cached->stored && facts.cached->stored->id;
  return same || !usable ? std::nullopt : std::optional(facts.result.age);
}

std::string TimeText(const std::optional<absl::Time>& time) {
  return absl::FormatTime(absl::RFC3339_full, *time, absl::UTCTimeZone());
}

/// Only what is proven counts: many builds say no time, or all of them the same.
std::optional<Refusal> GoingBack(const ActionFacts& facts, const ActionOptions& options) {
  const std::optional<Age> age = AgeOfReplaced(facts);
  if (options.allow_older || !age || age->direction != Direction::kNewer) return std::nullopt;
  return Refusal{
      RefusalKind::kGoingBack,
      fmt::format("the origin's image was built earlier ({}) than the cached one ({}); if it is wanted, say "
                  "--allow-older or --to {}",
                  TimeText(age->origin_created), TimeText(age->cached_created), facts.result.origin_digest->text())};
}

/// Why the tag is not to be pointed to the origin's digest; nothing: it is.
std::optional<Refusal> AgainstOrigin(const ActionFacts& facts, const ActionOptions& options) {
  switch (facts.result.verdict) {
    case Verdict::kFresh:
    case Verdict::kEquivalent:
      return std::nullopt;
    case Verdict::kStale:
      return GoingBack(facts, options);
    case Verdict::kGone:
      return Refusal{RefusalKind::kGone, "the origin has no such tag any more"};
    case Verdict::kLocal:
      return Refusal{RefusalKind::kLocal, "built, imported or retagged on this node; say --to DIGEST to replace it"};
    case Verdict::kImmutable:
      return Refusal{RefusalKind::kByDigest, "a digest never moves; prepull brings its content"};
    case Verdict::kUndecided:
      break;
  }
  if (auto unknown = OriginUnknown(facts)) return unknown;
  if (const auto untrusted = WhyOriginUntrusted(facts)) return Refusal{RefusalKind::kOriginUnknown, *untrusted};
  if (facts.result.cause == Cause::kNodeDisagrees) return GoingBack(facts, options);
  if (facts.result.cause == Cause::kWrongPlatform) return std::nullopt;  // the content says so in more detail
  return Refusal{
      RefusalKind::kOriginUnknown,
      fmt::format("the tag's verdict is undecided{}{}", facts.result.reason.empty() ? "" : ": ", facts.result.reason)};
}

bool IsInPlace(const ActionFacts& facts) {
  const facts::CachedImage& cached = *facts.cached;
  const bool agrees = cached.stored && cached.stored->id && cached.cri_image_id == cached.stored->id->text();
  return cached.target == facts.wanted->digest && facts.wanted->incomplete.empty() && agrees;
}

void JudgeDurable(const ActionFacts& facts, Plan& plan) {
  const Pull& pull = facts.result.next_pull.pull;
  plan.next_pull = pull.digest;
  plan.next_pull_host = pull.host;
  if (pull.outcome == Outcome::kFails || pull.outcome == Outcome::kUndecided || !pull.digest) return;
  const bool same_image = pull.outcome == Outcome::kEquivalent && plan.to == facts.result.origin_digest;
  plan.durable = pull.digest == plan.to || same_image ? Durable::kYes : Durable::kNo;
}

/// The remedies of the tag make its pulls bring the origin's digest, and no other.
std::optional<Remedy> FirstRemedy(const ActionFacts& facts, const Plan& plan) {
  if (plan.durable != Durable::kNo || plan.to != facts.result.origin_digest) return std::nullopt;
  for (const Remedy& remedy : facts.result.remedies) {
    if (remedy.kind == RemedyKind::kFixHostsToml || remedy.kind == RemedyKind::kPurgeMirror) return remedy;
  }
  return std::nullopt;
}

void AddSteps(const ActionFacts& facts, const ActionOptions& options, Plan& plan) {
  const std::string name = facts.reference.Canonical();
  const std::string by_digest = facts.reference.At(facts.wanted->digest).Canonical();
  if (HasToBePulled(facts, options)) plan.steps.push_back({StepKind::kPull, by_digest});
  plan.steps.push_back({StepKind::kHold, by_digest});
  plan.steps.push_back({StepKind::kRepoint, name});
  plan.steps.push_back({StepKind::kVerify, name});
}

Refusal NoSuchDigest(const ActionFacts& facts, const ActionOptions& options) {
  std::string candidates;
  for (const image::Digest& digest : DigestsMeant(facts, options)) candidates += " " + digest.text();
  return {RefusalKind::kNoSuchDigest,
          candidates.empty()
              ? fmt::format("no digest that names of {} have here, or that a host names for the tag, begins with {}",
                            facts.reference.Name(), options.to_prefix)
              : fmt::format("{} is the beginning of several digests:{}", options.to_prefix, candidates)};
}

}  // namespace

Plan PlanRefresh(const ActionFacts& facts, const ActionOptions& options) {
  Plan plan{.action = ActionKind::kRefresh, .reference = facts.reference};
  if (!facts.has_image_store) {
    plan.refusals.push_back(
        {RefusalKind::kNoImageStore, "which digest a tag has is only in containerd's own image store"});
  } else if (facts.reference.digest()) {
    plan.refusals.push_back({RefusalKind::kByDigest, "a digest never moves; prepull brings its content"});
  } else if (!facts.cached) {
    plan.refusals.push_back(
        {RefusalKind::kNotCached, "no such tag on this node; prepull brings content that is not here"});
  } else if (!facts.cached->target) {
    plan.refusals.push_back({RefusalKind::kNotCached, "containerd's image store has no valid target for the name"});
  }
  if (plan.Refused()) return plan;
  plan.from = facts.cached->target;
  plan.used_by = facts.cached->used_by;
  plan.names_stay = facts.siblings;
  if (options.names_digest()) {
    if (!WantedDigest(facts, options)) plan.refusals.push_back(NoSuchDigest(facts, options));
  } else {
    plan.to = facts.result.origin_digest;
    plan.age = AgeOfReplaced(facts);
    if (auto refusal = AgainstOrigin(facts, options)) plan.refusals.push_back(*std::move(refusal));
    // FRESH looks at manifest and config; layers may be missing all the same.
    const bool complete = !facts.wanted || facts.wanted->incomplete.empty();
    plan.nothing_to_do = facts.result.verdict == Verdict::kFresh && complete;
  }
  if (facts.wanted) {
    PlanContent(facts, options, plan);
    plan.nothing_to_do = plan.nothing_to_do || (!plan.Refused() && IsInPlace(facts));
    AddSteps(facts, options, plan);
  }
  JudgeDurable(facts, plan);
  plan.first = FirstRemedy(facts, plan);
  FinishPlan(options, plan);
  return plan;
}

}  // namespace tagdrift::judge
