#include "restart.h"

#include <utility>

#include "tagdrift/judge/pull_verification.h"

namespace tagdrift::judge {
namespace {

Restart FromPull(const JudgedName& name, const facts::Pod* pod) {
  if (name.image->reference.digest()) {
    return {.pulls = true,
            .digest = name.image->reference.digest(),
            .detail = "the kubelet asks the registry for the digest, tagdrift does not"};
  }
  const Forecast& forecast = name.result->next_pull;
  Restart restart{.outcome = forecast.pull.outcome,
                  .pulls = true,
                  .digest = forecast.pull.digest,
                  .image_id = forecast.pull.image_id,
                  .host = forecast.pull.host,
                  .detail = forecast.pull.detail};
  const bool needs_credentials = forecast.if_anonymous && (forecast.if_anonymous->outcome != forecast.pull.outcome ||
                                                           forecast.if_anonymous->digest != forecast.pull.digest);
  if (needs_credentials && pod != nullptr && pod->pull_secrets.empty() && restart.outcome != Outcome::kUndecided) {
    restart.outcome = Outcome::kUndecided;
    restart.detail =
        "the image is private and the pod names no imagePullSecrets: only the kubelet knows whether it has "
        "credentials of its own";
  }
  return restart;
}

Restart FromCache(const JudgedName& name) {
  const TagResult& tag = *name.result;
  Restart restart{.digest = name.image->target, .image_id = tag.cached_image_id};
  if (tag.verdict == Verdict::kImmutable) {
    restart.outcome = Outcome::kFresh;
  } else if (tag.cause == Cause::kNodeDisagrees || tag.cause == Cause::kNotAnImage) {
    restart.detail = tag.reason;
  } else if (tag.origin_image_id && tag.cached_image_id == tag.origin_image_id) {
    restart.outcome = tag.verdict == Verdict::kEquivalent ? Outcome::kEquivalent : Outcome::kFresh;
  } else if (tag.origin_image_id || tag.verdict == Verdict::kStale) {
    restart.outcome = Outcome::kStale;
  }
  return restart;
}

/// Of the image `id`, if the name points to it. Where the pod is not known, neither is whether it has secrets: only
/// what holds either way is known.
PresentImageUse UseOf(const std::string& id, const JudgedName& name, facts::PullPolicy policy, const facts::Pod* pod,
                      const facts::PodContainer* spec, const facts::PullVerification& verification) {
  const std::string written = spec != nullptr ? spec->image : name.image->reference.Canonical();
  const auto use = [&](bool has_secrets) { return UseOfPresentImage(verification, written, id, policy, has_secrets); };
  if (pod != nullptr) return use(!pod->pull_secrets.empty());
  PresentImageUse without = use(false);
  if (use(true).use == without.use) return without;
  return {PresentImage::kUnknown, "the pod's imagePullSecrets are not known"};
}

Restart Fails(std::string detail) { return {.outcome = Outcome::kFails, .detail = std::move(detail)}; }

}  // namespace

AppliedPullPolicy PullPolicyOf(const facts::PodContainer* spec, const image::Reference& reference) {
  if (spec != nullptr && spec->pull_policy) return {.value = *spec->pull_policy, .assumed = false};
  return {.value = reference.tag() == "latest" ? facts::PullPolicy::kAlways : facts::PullPolicy::kIfNotPresent};
}

Restart ForecastRestart(const JudgedName& name, facts::PullPolicy policy, const facts::Pod* pod,
                        const facts::PodContainer* spec, const facts::PullVerification& verification) {
  if (!name.image->cri_image_id) {
    if (policy != facts::PullPolicy::kNever) return FromPull(name, pod);
    return Fails("the image is not on this node, and imagePullPolicy Never keeps the kubelet from pulling it");
  }
  const PresentImageUse present = UseOf(*name.image->cri_image_id, name, policy, pod, spec, verification);
  switch (present.use) {
    case PresentImage::kUsed:
      return FromCache(name);
    case PresentImage::kRefusedOrPulled:
      return Fails("imagePullPolicy is Never, and the kubelet does not let this pod use the image: " + present.reason);
    case PresentImage::kUnknown:
      return {.detail = "the kubelet may not use the image that is here: " + present.reason};
    case PresentImage::kPulledAgain:
      break;
  }
  Restart restart = FromPull(name, pod);
  const bool by_policy = policy == facts::PullPolicy::kAlways;
  if (!by_policy && restart.detail.empty()) restart.detail = "the kubelet pulls it again: " + present.reason;
  return restart;
}

bool RefreshIsUsed(const JudgedName& name, facts::PullPolicy policy, const facts::Pod* pod,
                   const facts::PodContainer* spec, const facts::PullVerification& verification) {
  if (!name.result->origin_image_id) return true;
  const PresentImage use = UseOf(name.result->origin_image_id->text(), name, policy, pod, spec, verification).use;
  return use == PresentImage::kUsed || use == PresentImage::kUnknown;
}

}  // namespace tagdrift::judge
