#include "tagdrift/kube/pull_verification.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "kube/object.h"
#include "kube/yaml.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/text/text.h"

namespace tagdrift::kube {
namespace {

using facts::Verification;
using facts::VerificationPolicy;

constexpr char kRoot[] = "/var/lib/kubelet";
constexpr char kRecords[] = "/var/lib/kubelet/image_manager";
constexpr char kConfig[] = "/var/lib/kubelet/config.yaml";
constexpr char kGate[] = "KubeletEnsureSecretPulledImages";
constexpr std::size_t kMostConfigBytes = 1 << 20;
constexpr std::size_t kMostRecordBytes = 256 << 10;

std::string Why(const std::string& path, const absl::Status& status) {
  return fmt::format("{}: {}", path, text::MessageOf(status));
}

/// What the kubelet's configuration says of it.
struct Configured {
  std::optional<bool> gate;
  std::string policy;  ///< empty: Kubernetes' default
  std::vector<std::string> allowlist;
};

absl::StatusOr<Configured> ReadConfig(const hosts::FileTree& files) {
  const auto text = files.Read(kConfig, kMostConfigBytes);
  if (!text.ok()) return text.status();
  const auto yaml = ParseYaml(*text);
  if (!yaml.ok()) return yaml.status();
  absl::Status status;
  const Object config(*yaml, "", status);
  const Object gates = config.Child("featureGates");
  Configured configured{.gate = std::nullopt,
                        .policy = config.Text("imagePullCredentialsVerificationPolicy"),
                        .allowlist = config.Texts("preloadedImagesVerificationAllowlist")};
  if (gates.Has(kGate)) configured.gate = gates.Flag(kGate);
  if (!status.ok()) return status;
  return configured;
}

VerificationPolicy PolicyNamed(const std::string& name) {
  if (name.empty() || name == "NeverVerifyPreloadedImages") return VerificationPolicy::kNeverVerifyPreloadedImages;
  if (name == "NeverVerify") return VerificationPolicy::kNeverVerify;
  if (name == "NeverVerifyAllowlistedImages") return VerificationPolicy::kNeverVerifyAllowlistedImages;
  if (name == "AlwaysVerify") return VerificationPolicy::kAlwaysVerify;
  return VerificationPolicy::kUnknown;
}

/// N of "v1.N.3".
std::optional<int> MinorOf(const std::string& version) {
  if (!version.starts_with("v1.")) return std::nullopt;
  int minor = 0;
  const auto [end, error] = std::from_chars(version.data() + 3, version.data() + version.size(), minor);
  return error == std::errc() && end > version.data() + 3 ? std::optional(minor) : std::nullopt;
}

/// Whether the kubelet verifies, where it keeps records: it makes the folder when it does, and leaves it when it no
/// longer does.
std::pair<Verification, std::string> VerificationOf(const absl::StatusOr<Configured>& configured,
                                                    const std::string& version) {
  if (configured.ok() && configured->gate) {
    return {*configured->gate ? Verification::kOn : Verification::kOff,
            fmt::format("{} sets {} to {}", kConfig, kGate, *configured->gate)};
  }
  const std::optional<int> minor = MinorOf(version);
  if (minor && *minor < 33) return {Verification::kOff, "kubelet " + version + " does not verify pull credentials"};
  if (minor && *minor >= 35) return {Verification::kOn, "kubelet " + version + " verifies pull credentials"};
  // Without the feature gate a kubelet does not start with it.
  if (configured.ok() && !configured->policy.empty()) {
    return {Verification::kOn, fmt::format("{} sets a verification policy", kConfig)};
  }
  return {Verification::kUnknown, "the kubelet has verified pull credentials, and may still do so"};
}

/// Calls `use` for each record in `folder` with its file's name and content. Returns what could not be read.
std::string ForEachRecord(const hosts::FileTree& files, const std::string& folder,
                          const std::function<void(const std::string& name, const Object& record)>& use) {
  const auto entries = files.List(folder);
  if (entries.status().code() == absl::StatusCode::kNotFound) return {};
  if (!entries.ok()) return Why(folder, entries.status());
  std::string unreadable;
  for (const hosts::FileTree::Entry& entry : *entries) {
    // Others are not the kubelet's, or not finished.
    if (!entry.name.starts_with("sha256-") || entry.name.ends_with(".tmp")) continue;
    const std::string path = folder + "/" + entry.name;
    const auto text = files.Read(path, kMostRecordBytes);
    if (text.status().code() == absl::StatusCode::kNotFound) continue;
    const nlohmann::json json = text.ok() ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    absl::Status status = text.status();
    const Object record(json, "", status);
    use(entry.name, record);
    if (!status.ok() && unreadable.empty()) unreadable = Why(path, status);
  }
  return unreadable;
}

/// As the kubelet names the file for what it is about.
std::string FileOf(const std::string& subject) {
  return "sha256-" + std::string(image::Digest::OfBytes(subject).hex());
}

facts::PulledRecord ReadRecord(const Object& record) {
  facts::PulledRecord by_name;
  const Object mapping = record.Child("credentialMapping");
  for (const std::string& name : mapping.Names()) {
    const Object credentials = mapping.Child(name.c_str());
    by_name[name] = {.every_pod = credentials.Flag("nodePodsAccessible"),
                     .secrets = static_cast<int>(credentials.List("kubernetesSecrets").size()),
                     .service_accounts = static_cast<int>(credentials.List("kubernetesServiceAccounts").size())};
  }
  return by_name;
}

void ReadRecords(const hosts::FileTree& files, facts::PullVerification& verification) {
  const auto pulled = [&](const std::string& name, const Object& record) {
    const std::string id = record.Text("imageRef");
    facts::PulledRecord by_name = ReadRecord(record);
    if (FileOf(id) == name) verification.pulled[id] = std::move(by_name);
  };
  const auto pulling = [&](const std::string& name, const Object& record) {
    const std::string image = record.Text("image");
    if (FileOf(image) == name) verification.pulling.push_back(image);
  };
  verification.records_unreadable = ForEachRecord(files, std::string(kRecords) + "/pulled", pulled);
  std::string unreadable = ForEachRecord(files, std::string(kRecords) + "/pulling", pulling);
  if (verification.records_unreadable.empty()) verification.records_unreadable = std::move(unreadable);
}

}  // namespace

facts::PullVerification ReadPullVerification(const hosts::FileTree& node_files, bool has_kubelet,
                                             const std::string& kubelet_version) {
  facts::PullVerification verification{.basis = "this node has no kubelet"};
  const absl::Status root = node_files.Stat(kRoot).status();
  const absl::Status records = root.ok() ? node_files.Stat(kRecords).status() : root;
  const bool absent = records.code() == absl::StatusCode::kNotFound;
  if (!root.ok() && absent && !has_kubelet) return verification;
  if (root.ok() && absent) {
    verification.basis = "the kubelet keeps no records of pulls, so it does not verify pull credentials";
    return verification;
  }
  if (!records.ok()) {
    verification.verification = Verification::kUnknown;
    verification.basis = Why(root.ok() ? kRecords : kRoot, records);
    verification.policy = VerificationPolicy::kUnknown;
    verification.policy_unknown = verification.basis;
    return verification;
  }
  const absl::StatusOr<Configured> configured = ReadConfig(node_files);
  std::tie(verification.verification, verification.basis) = VerificationOf(configured, kubelet_version);
  if (verification.verification == Verification::kOff) return verification;
  verification.policy = configured.ok() ? PolicyNamed(configured->policy) : VerificationPolicy::kUnknown;
  if (verification.policy == VerificationPolicy::kUnknown) {
    verification.policy_unknown = configured.ok()
                                      ? fmt::format("{}: '{}' is no policy known here", kConfig, configured->policy)
                                      : Why(kConfig, configured.status());
  }
  if (configured.ok()) verification.allowlist = configured->allowlist;
  ReadRecords(node_files, verification);
  return verification;
}

}  // namespace tagdrift::kube
