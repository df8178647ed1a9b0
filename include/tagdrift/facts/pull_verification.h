#pragma once

#include <map>
#include <string>
#include <vector>

/// What is known of a kubelet that lets a pod use an image that is present only where the pod's pull credentials match
/// those of a recorded pull (KEP-2535, feature gate KubeletEnsureSecretPulledImages).
namespace tagdrift::facts {

/// `imagePullCredentialsVerificationPolicy` of the kubelet's configuration. Never and preloaded are about images that
/// the kubelet has no record of a pull for.
enum class VerificationPolicy {
  kNeverVerify,
  kNeverVerifyPreloadedImages,  ///< Kubernetes' default
  kNeverVerifyAllowlistedImages,
  kAlwaysVerify,
  kUnknown,
};

enum class Verification { kOff, kOn, kUnknown };

/// What the kubelet recorded of the credentials that opened an image under one name.
struct PullCredentials {
  /// nodePodsAccessible: none were needed, or all pods of the node have them.
  bool every_pod = false;
  int secrets = 0;           ///< pull secrets
  int service_accounts = 0;  ///< whose tokens a credential provider took

  friend bool operator==(const PullCredentials&, const PullCredentials&) = default;
};

/// What a file of image_manager/pulled says: by name without tag and digest ("docker.io/library/nginx").
using PulledRecord = std::map<std::string, PullCredentials>;

/// Read from the kubelet's files. As made: a node without a kubelet, on which nothing is verified.
struct PullVerification {
  Verification verification = Verification::kOff;
  std::string basis = {};  ///< for people: where `verification` is known from, or why it is not
  VerificationPolicy policy = VerificationPolicy::kNeverVerifyPreloadedImages;
  std::string policy_unknown = {};                  ///< why `policy` is kUnknown; else empty
  std::vector<std::string> allowlist = {};          ///< preloadedImagesVerificationAllowlist: names, or "PREFIX/*"
  std::map<std::string, PulledRecord> pulled = {};  ///< by image id
  std::vector<std::string> pulling = {};  ///< images as pods wrote them, whose pull began and has not been recorded
  std::string records_unreadable = {};    ///< why `pulled` and `pulling` are incomplete; else empty

  friend bool operator==(const PullVerification&, const PullVerification&) = default;
};

}  // namespace tagdrift::facts
