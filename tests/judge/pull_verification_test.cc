#include "tagdrift/judge/pull_verification.h"

#include <gtest/gtest.h>

namespace tagdrift::judge {
namespace {

using facts::PullPolicy;
using facts::PullVerification;
using facts::Verification;
using facts::VerificationPolicy;

const std::string kId = "sha256:" + std::string(64, 'a');
const std::string kName = "registry.corp/shop/web";

PullVerification On(VerificationPolicy policy) {
  return {.verification = Verification::kOn, .basis = "it is on", .policy = policy};
}

PullVerification Recorded(facts::PullCredentials credentials,
                          VerificationPolicy policy = VerificationPolicy::kNeverVerifyPreloadedImages) {
  PullVerification verification = On(policy);
  verification.pulled[kId][kName] = credentials;
  return verification;
}

PresentImage Use(const PullVerification& verification, bool secrets = false,
                 PullPolicy policy = PullPolicy::kIfNotPresent, const std::string& written = kName + ":v1") {
  return UseOfPresentImage(verification, written, kId, policy, secrets).use;
}

TEST(UseOfPresentImage, IsUsedOnANodeWithoutAKubelet) {
  EXPECT_EQ(Use({}), PresentImage::kUsed);
  EXPECT_EQ(Use({}, false, PullPolicy::kNever), PresentImage::kUsed);
}

TEST(UseOfPresentImage, IsPulledAgainByPolicyAlways) {
  EXPECT_EQ(Use({}, false, PullPolicy::kAlways), PresentImage::kPulledAgain);
}

TEST(UseOfPresentImage, ImageThatWasNotPulledByTheKubeletGoesByThePolicy) {
  EXPECT_EQ(Use(On(VerificationPolicy::kNeverVerify)), PresentImage::kUsed);
  EXPECT_EQ(Use(On(VerificationPolicy::kNeverVerifyPreloadedImages)), PresentImage::kUsed);
  EXPECT_EQ(Use(On(VerificationPolicy::kNeverVerifyAllowlistedImages)), PresentImage::kPulledAgain);
  EXPECT_EQ(Use(On(VerificationPolicy::kAlwaysVerify)), PresentImage::kPulledAgain);
  EXPECT_EQ(Use(On(VerificationPolicy::kAlwaysVerify), false, PullPolicy::kNever), PresentImage::kRefusedOrPulled);
  EXPECT_EQ(Use(On(VerificationPolicy::kUnknown)), PresentImage::kUnknown);
}

TEST(UseOfPresentImage, PrivateImageIsNotForAPodWithoutSecrets) {
  const PullVerification verification = Recorded({.secrets = 1});
  EXPECT_EQ(Use(verification), PresentImage::kPulledAgain);
  EXPECT_EQ(Use(verification, false, PullPolicy::kNever), PresentImage::kRefusedOrPulled);
}

TEST(UseOfPresentImage, UnknownWhetherSecretsMatch) {
  EXPECT_EQ(Use(Recorded({.secrets = 2}), true), PresentImage::kUnknown);
  EXPECT_EQ(Use(Recorded({.service_accounts = 1})), PresentImage::kUnknown);
}

TEST(UseOfPresentImage, IsUsedWhereEveryPodMay) {
  for (const auto policy : {VerificationPolicy::kNeverVerifyPreloadedImages, VerificationPolicy::kAlwaysVerify,
                            VerificationPolicy::kNeverVerifyAllowlistedImages, VerificationPolicy::kUnknown}) {
    EXPECT_EQ(Use(Recorded({.every_pod = true}, policy)), PresentImage::kUsed);
  }
}

TEST(UseOfPresentImage, RecordUnderAnotherNameDoesNotCount) {
  EXPECT_EQ(Use(Recorded({.every_pod = true}), false, PullPolicy::kIfNotPresent, "mirror.corp/shop/web:v1"),
            PresentImage::kPulledAgain);
}

TEST(UseOfPresentImage, RecordWithoutCredentialsIsVerifiedAgain) {
  EXPECT_EQ(Use(Recorded({})), PresentImage::kPulledAgain);
}

TEST(UseOfPresentImage, PullThatWasBegunCountsAsTheKubelets) {
  PullVerification verification = On(VerificationPolicy::kNeverVerifyPreloadedImages);
  verification.pulling = {kName};
  EXPECT_EQ(Use(verification, false, PullPolicy::kIfNotPresent, kName + ":latest"), PresentImage::kPulledAgain);
  EXPECT_EQ(Use(verification, false, PullPolicy::kIfNotPresent, kName + ":v1"), PresentImage::kUsed);
}

TEST(UseOfPresentImage, AllowListTakesNamesAndPrefixes) {
  PullVerification verification = On(VerificationPolicy::kNeverVerifyAllowlistedImages);
  verification.allowlist = {kName};
  EXPECT_EQ(Use(verification), PresentImage::kUsed);
  verification.allowlist = {"registry.corp/shop/*"};
  EXPECT_EQ(Use(verification), PresentImage::kUsed);
  verification.allowlist = {"registry.corp/shop/w", "registry.corp/sho/*", "registry.corp/shop"};
  EXPECT_EQ(Use(verification), PresentImage::kPulledAgain);
}

TEST(UseOfPresentImage, UnknownWhereRecordsCannotBeRead) {
  PullVerification verification = On(VerificationPolicy::kNeverVerifyPreloadedImages);
  verification.records_unreadable = "permission denied";
  EXPECT_EQ(Use(verification), PresentImage::kUnknown);
  verification.policy = VerificationPolicy::kNeverVerify;
  EXPECT_EQ(Use(verification), PresentImage::kUsed);
}

TEST(UseOfPresentImage, UnknownVerificationMattersOnlyWhereItWouldNotBeGranted) {
  PullVerification verification = On(VerificationPolicy::kNeverVerifyPreloadedImages);
  verification.verification = Verification::kUnknown;
  EXPECT_EQ(Use(verification), PresentImage::kUsed);
  verification.policy = VerificationPolicy::kAlwaysVerify;
  const PresentImageUse use = UseOfPresentImage(verification, kName, kId, PullPolicy::kIfNotPresent, false);
  EXPECT_EQ(use.use, PresentImage::kUnknown);
  EXPECT_EQ(use.reason, "it is on; if so, the kubelet has no record of a pull of it");
}

}  // namespace
}  // namespace tagdrift::judge
