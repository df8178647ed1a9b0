#include "tagdrift/kube/pull_verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/tree_folder.h"

namespace tagdrift::kube {
namespace {

using facts::PullVerification;
using facts::Verification;
using facts::VerificationPolicy;
using hosts::TreeFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kKubeletConfig[] = "var/lib/kubelet/config.yaml";
constexpr char kPulled[] = "var/lib/kubelet/image_manager/pulled/";

using Files = std::map<std::string, std::string>;

PullVerification Read(const TreeFolder& folder, const std::string& version = "", bool has_kubelet = true) {
  return ReadPullVerification(folder.Tree(), has_kubelet, version);
}

TEST(ReadPullVerification, ReadsTheRecordsOfAKubelet) {
  const auto tree = hosts::FileTree::Open(std::string(TAGDRIFT_TEST_DATA) + "/kubelet_files");
  ASSERT_TRUE(tree.ok()) << tree.status();
  const PullVerification read = ReadPullVerification(*tree, true, "");
  EXPECT_EQ(read.verification, Verification::kOn) << read.basis;
  EXPECT_EQ(read.policy, VerificationPolicy::kNeverVerifyAllowlistedImages);
  EXPECT_THAT(read.allowlist, ElementsAre("registry.k8s.io/pause", "registry.corp/base/*"));
  const std::string a = "sha256:" + std::string(64, 'a');
  const std::string b = "sha256:" + std::string(64, 'b');
  EXPECT_THAT(
      read.pulled,
      ElementsAre(Pair(a, ElementsAre(Pair("docker.io/library/nginx", facts::PullCredentials{.every_pod = true}))),
                  Pair(b, ElementsAre(Pair("registry.corp/mirror/web", facts::PullCredentials{.service_accounts = 1}),
                                      Pair("registry.corp/shop/web", facts::PullCredentials{.secrets = 2})))));
  EXPECT_THAT(read.pulling, ElementsAre("registry.corp/shop/pay:v2"));
  EXPECT_EQ(read.records_unreadable, "");
}

TEST(ReadPullVerification, NothingVerifiesOnANodeWithoutAKubelet) {
  EXPECT_EQ(Read(TreeFolder(), "", false).verification, Verification::kOff);
}

TEST(ReadPullVerification, UnknownWhereTheKubeletsFilesAreElsewhere) {
  const PullVerification read = Read(TreeFolder(), "v1.35.0", true);
  EXPECT_EQ(read.verification, Verification::kUnknown);
  EXPECT_EQ(read.policy, VerificationPolicy::kUnknown);
  EXPECT_THAT(read.basis, HasSubstr("/var/lib/kubelet: no such file"));
}

TEST(ReadPullVerification, KubeletThatKeepsNoRecordsDoesNotVerify) {
  EXPECT_EQ(Read(TreeFolder(Files{{kKubeletConfig, "kind: KubeletConfiguration\n"}})).verification, Verification::kOff);
}

TEST(ReadPullVerification, DecidesByGateVersionAndPolicy) {
  const struct {
    const char* name;
    const char* config;
    const char* version;
    Verification verification;
    VerificationPolicy policy;
  } rows[] = {
      {"gate on", "featureGates: {KubeletEnsureSecretPulledImages: true}", "v1.33.0", Verification::kOn,
       VerificationPolicy::kNeverVerifyPreloadedImages},
      {"gate off", "featureGates: {KubeletEnsureSecretPulledImages: false}", "v1.36.0", Verification::kOff,
       VerificationPolicy::kNeverVerifyPreloadedImages},
      {"on by default", "{}", "v1.35.2", Verification::kOn, VerificationPolicy::kNeverVerifyPreloadedImages},
      {"vendor's version", "{}", "v1.36.1-eks-5e0fdde", Verification::kOn,
       VerificationPolicy::kNeverVerifyPreloadedImages},
      {"went back to before it", "{}", "v1.32.9", Verification::kOff, VerificationPolicy::kNeverVerifyPreloadedImages},
      {"by a flag, or left behind", "{}", "v1.34.1", Verification::kUnknown,
       VerificationPolicy::kNeverVerifyPreloadedImages},
      {"no version", "{}", "", Verification::kUnknown, VerificationPolicy::kNeverVerifyPreloadedImages},
      {"policy set", "imagePullCredentialsVerificationPolicy: AlwaysVerify", "", Verification::kOn,
       VerificationPolicy::kAlwaysVerify},
      {"never", "imagePullCredentialsVerificationPolicy: NeverVerify", "", Verification::kOn,
       VerificationPolicy::kNeverVerify},
      {"a policy to come", "imagePullCredentialsVerificationPolicy: Sometimes", "", Verification::kOn,
       VerificationPolicy::kUnknown},
  };
  for (const auto& row : rows) {
    const PullVerification read = Read(TreeFolder(Files{{kKubeletConfig, row.config}, {kPulled, ""}}), row.version);
    EXPECT_EQ(read.verification, row.verification) << row.name << ": " << read.basis;
    EXPECT_EQ(read.policy, row.policy) << row.name;
  }
}

TEST(ReadPullVerification, PolicyIsUnknownWithoutTheConfiguration) {
  const PullVerification missing = Read(TreeFolder(Files{{kPulled, ""}}), "v1.35.0");
  EXPECT_EQ(missing.verification, Verification::kOn);
  EXPECT_EQ(missing.policy, VerificationPolicy::kUnknown);
  EXPECT_THAT(missing.policy_unknown, HasSubstr("/var/lib/kubelet/config.yaml: no such file"));
  const PullVerification broken = Read(TreeFolder(Files{{kPulled, ""}, {kKubeletConfig, "a: ["}}), "v1.35.0");
  EXPECT_EQ(broken.policy, VerificationPolicy::kUnknown);
}

TEST(ReadPullVerification, RecordThatCannotBeReadIsTold) {
  const std::string file = std::string(kPulled) + "sha256-" + std::string(64, '0');
  const PullVerification read = Read(TreeFolder(Files{{kKubeletConfig, "{}"}, {file, "{"}}), "v1.35.0");
  EXPECT_THAT(read.records_unreadable, HasSubstr("/var/lib/kubelet/image_manager/pulled/sha256-000"));
}

TEST(ReadPullVerification, RecordUnderAnotherNameIsNotFoundByTheKubelet) {
  const std::string file = std::string(kPulled) + "sha256-" + std::string(64, '0');
  const PullVerification read =
      Read(TreeFolder(Files{{kKubeletConfig, "{}"}, {file, R"({"imageRef":"sha256:1","credentialMapping":{}})"}}),
           "v1.35.0");
  EXPECT_TRUE(read.pulled.empty());
  EXPECT_EQ(read.records_unreadable, "");
}

}  // namespace
}  // namespace tagdrift::kube
