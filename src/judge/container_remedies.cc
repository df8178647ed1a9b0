#include "container_remedies.h"

#include "restart.h"

namespace tagdrift::judge {
namespace {

Remedy Of(RemedyKind kind) {
  Remedy remedy;
  remedy.kind = kind;
  return remedy;
}

Remedy SetPullPolicy(facts::PullPolicy policy) {
  Remedy remedy = Of(RemedyKind::kSetPullPolicy);
  remedy.pull_policy = policy;
  return remedy;
}

/// Whether the next start is right once this is done to the tag. What starts from this node does not mind mirrors; what
/// is pulled at each start does not mind the node.
bool MakesStartRight(const Remedy& remedy, const Restart& restart, bool refresh_is_used) {
  switch (remedy.kind) {
    case RemedyKind::kRefresh:
      return !restart.pulls && refresh_is_used;
    case RemedyKind::kFixHostsToml:
    case RemedyKind::kPurgeMirror:
      return restart.pulls;
    case RemedyKind::kNone:
    case RemedyKind::kProvideCredentials:
    case RemedyKind::kNameOrigin:
    case RemedyKind::kWait:
    case RemedyKind::kRestartWorkload:
    case RemedyKind::kPinDigest:
    case RemedyKind::kSetPullPolicy:
      return false;
  }
  return false;
}

/// What has to be done before more can be said, or before anything can be pulled.
bool ComesFirst(const Remedy& remedy, const TagResult& tag) {
  return remedy.kind == RemedyKind::kProvideCredentials || remedy.kind == RemedyKind::kNameOrigin ||
         remedy.kind == RemedyKind::kWait ||
         (remedy.kind == RemedyKind::kFixHostsToml && tag.next_pull.pull.outcome == Outcome::kFails);
}

/// Another policy with which the next start is right, where the pod's spec says which one holds now.
std::optional<facts::PullPolicy> BetterPolicy(const ContainerResult& container, const TagResult& tag) {
  const AppliedPullPolicy& now = container.pull_policy;
  if (now.assumed || !IsRight(tag.next_pull.pull.outcome) || container.restart.pulls) return std::nullopt;
  if (container.restart.outcome == Outcome::kFails) return facts::PullPolicy::kIfNotPresent;
  return container.restart.outcome == Outcome::kStale ? std::optional(facts::PullPolicy::kAlways) : std::nullopt;
}

}  // namespace

std::vector<Remedy> ContainerRemedies(const ContainerResult& container, const JudgedName& name, bool refresh_is_used) {
  const TagResult& tag = *name.result;
  const Restart& restart = container.restart;
  const bool drifted = container.verdict == Verdict::kStale || container.verdict == Verdict::kGone;
  const bool wrong = drifted || container.verdict == Verdict::kUndecided || container.downgrade_risk ||
                     restart.outcome == Outcome::kFails;
  if (!wrong) return {};
  std::vector<Remedy> remedies;
  bool start_is_right = IsRight(restart.outcome);
  if (!start_is_right) {
    for (const Remedy& remedy : tag.remedies) {
      const bool makes_right = MakesStartRight(remedy, restart, refresh_is_used);
      if (makes_right || ComesFirst(remedy, tag)) remedies.push_back(remedy);
      start_is_right = start_is_right || makes_right;
    }
    if (const auto policy = BetterPolicy(container, tag)) {
      remedies.push_back(SetPullPolicy(*policy));
      start_is_right = true;
    }
  }
  if (container.verdict == Verdict::kStale && start_is_right) remedies.push_back(Of(RemedyKind::kRestartWorkload));
  const bool origin_counts = tag.origin_digest && tag.origin_image_id;
  // Another digest than the cached one has to be pulled, whatever the policy.
  const bool can_be_pulled =
      tag.next_pull.pull.outcome != Outcome::kFails || (!restart.pulls && name.image->target == tag.origin_digest);
  if (origin_counts && can_be_pulled && (container.verdict == Verdict::kStale || container.downgrade_risk)) {
    remedies.push_back(Of(RemedyKind::kPinDigest));
  }
  if (remedies.empty()) remedies.push_back(Of(RemedyKind::kNone));
  return remedies;
}

}  // namespace tagdrift::judge
