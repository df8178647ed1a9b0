#include "tagdrift/judge/pull_verification.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tagdrift/image/reference.h"

namespace tagdrift::judge {
namespace {

using facts::VerificationPolicy;

/// What a kubelet that verifies says of a pod and an image that is present.
enum class Access { kGranted, kNotGranted, kUnknown };

struct Judged {
  Access access;
  std::string reason;
};

Judged Granted(std::string reason) { return {Access::kGranted, std::move(reason)}; }
Judged NotGranted(std::string reason) { return {Access::kNotGranted, std::move(reason)}; }
Judged Unknown(std::string reason) { return {Access::kUnknown, std::move(reason)}; }

bool IsListed(const std::vector<std::string>& allowlist, const std::string& name) {
  return std::ranges::any_of(allowlist, [&](std::string_view entry) {
    return entry.ends_with("/*") ? std::string_view(name).starts_with(entry.substr(0, entry.size() - 1))
                                 : name == entry;
  });
}

/// The kubelet writes an intent under the image as the pod has it, with or without the tag that goes without saying.
bool HasIntent(const std::vector<std::string>& pulling, const image::Reference& reference) {
  return std::ranges::any_of(pulling, [&](const std::string& image) {
    const auto other = image::Reference::Parse(image);
    return other.ok() && *other == reference;
  });
}

Judged ByRecord(const facts::PulledRecord& record, const std::string& name, bool pod_has_pull_secrets) {
  const auto found = record.find(name);
  if (found == record.end()) return NotGranted("the kubelet has not pulled it as " + name);
  const facts::PullCredentials& credentials = found->second;
  if (credentials.every_pod) return Granted("the kubelet recorded that every pod of this node may use it");
  if (credentials.service_accounts > 0) {
    return Unknown("the kubelet pulled it for service accounts, and whether the pod's is one of them is not known");
  }
  if (credentials.secrets == 0) return NotGranted("the kubelet recorded no credentials with its pull");
  if (!pod_has_pull_secrets) return NotGranted("the kubelet pulled it with pull secrets, and the pod has none");
  return Unknown("the kubelet pulled it with pull secrets, and whether the pod's are among them is not known");
}

Judged AccessOf(const facts::PullVerification& verification, const image::Reference& reference,
                const std::string& image_id, bool pod_has_pull_secrets) {
  const std::string name = reference.Name();
  const auto found = verification.pulled.find(image_id);
  const bool recorded = found != verification.pulled.end();
  const Judged by_record = recorded ? ByRecord(found->second, name, pod_has_pull_secrets)
                           : verification.records_unreadable.empty()
                               ? NotGranted("the kubelet has no record of a pull of it")
                               : Unknown(verification.records_unreadable);
  switch (verification.policy) {
    case VerificationPolicy::kNeverVerify:
      return Granted("the kubelet verifies no image (NeverVerify)");
    case VerificationPolicy::kNeverVerifyPreloadedImages:
      if (recorded || by_record.access == Access::kUnknown || HasIntent(verification.pulling, reference)) {
        return by_record;
      }
      return Granted("the kubelet does not verify what it has not pulled itself");
    case VerificationPolicy::kNeverVerifyAllowlistedImages:
      return IsListed(verification.allowlist, name) ? Granted("the kubelet's allow list has " + name) : by_record;
    case VerificationPolicy::kAlwaysVerify:
      return by_record;
    case VerificationPolicy::kUnknown:
      return by_record.access == Access::kGranted ? by_record : Unknown(verification.policy_unknown);
  }
  return Unknown("");
}

}  // namespace

PresentImageUse UseOfPresentImage(const facts::PullVerification& verification, const std::string& image_as_written,
                                  const std::string& image_id, facts::PullPolicy policy, bool pod_has_pull_secrets) {
  if (policy == facts::PullPolicy::kAlways) return {PresentImage::kPulledAgain, "its pull policy is Always"};
  if (verification.verification == facts::Verification::kOff) return {PresentImage::kUsed, verification.basis};
  const auto reference = image::Reference::Parse(image_as_written);
  if (!reference.ok()) return {PresentImage::kUnknown, fmt::format("'{}' is no image reference", image_as_written)};
  const Judged judged = AccessOf(verification, *reference, image_id, pod_has_pull_secrets);
  if (judged.access == Access::kGranted) return {PresentImage::kUsed, judged.reason};
  if (judged.access == Access::kUnknown) return {PresentImage::kUnknown, judged.reason};
  if (verification.verification == facts::Verification::kUnknown) {
    return {PresentImage::kUnknown, verification.basis + "; if so, " + judged.reason};
  }
  const bool never = policy == facts::PullPolicy::kNever;
  return {never ? PresentImage::kRefusedOrPulled : PresentImage::kPulledAgain, judged.reason};
}

}  // namespace tagdrift::judge
