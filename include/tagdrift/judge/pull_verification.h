#pragma once

#include <string>

#include "tagdrift/facts/pods.h"
#include "tagdrift/facts/pull_verification.h"

namespace tagdrift::judge {

/// What a kubelet does with an image that is present when a container that names it starts.
enum class PresentImage {
  kUsed,
  kPulledAgain,      ///< as if it were not here: by policy, or as the pod's credentials match those of no recorded pull
  kRefusedOrPulled,  ///< Never, and the pod may not use it: the container does not start
  kUnknown,
};

struct PresentImageUse {
  PresentImage use = PresentImage::kUnknown;
  std::string reason;  ///< for people, one clause

  friend bool operator==(const PresentImageUse&, const PresentImageUse&) = default;
};

/// `image_as_written` is the pod spec's text and `image_id` the present image's, to which the CRI resolves it. Secrets
/// themselves are not known: where secrets are recorded and the pod has some, whether they match is unknown.
PresentImageUse UseOfPresentImage(const facts::PullVerification& verification, const std::string& image_as_written,
                                  const std::string& image_id, facts::PullPolicy policy, bool pod_has_pull_secrets);

}  // namespace tagdrift::judge
