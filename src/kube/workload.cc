#include "kube/workload.h"

#include <algorithm>
#include <string_view>

namespace tagdrift::kube {
namespace {

/// `name` without "-SUFFIX"; empty where it does not end so.
std::string Without(const std::string& name, const std::string& suffix) {
  const bool ends = !suffix.empty() && name.size() > suffix.size() + 1 && name.ends_with("-" + suffix);
  return ends ? name.substr(0, name.size() - suffix.size() - 1) : "";
}

/// A CronJob's Jobs have its name and the minute they were due as Unix time, once its second: 8 or 10 digits. Others
/// may end in a date (20250115, 2025011503), which lies outside: the minutes from August 2015 on, the seconds until
/// 2033.
std::string CronJobOf(const std::string& job) {
  const std::string time = job.substr(job.rfind('-') + 1);
  const bool digits = std::ranges::all_of(time, [](char c) { return c >= '0' && c <= '9'; });
  const bool minutes = time.size() == 8 && time >= "24000000";
  const bool seconds = time.size() == 10 && time < "2000000000";
  return digits && (minutes || seconds) ? Without(job, time) : "";
}

}  // namespace

std::optional<facts::Controller> WorkloadOf(const facts::Controller& owner, const TemplateHashes& hashes) {
  if (owner.kind == "Node") return std::nullopt;
  if (owner.kind == "ReplicaSet") {
    if (std::string name = Without(owner.name, hashes.deployment); !name.empty()) {
      return facts::Controller{"apps/v1", "Deployment", std::move(name)};
    }
    if (std::string name = Without(owner.name, hashes.rollout); !name.empty()) {
      return facts::Controller{"argoproj.io/v1alpha1", "Rollout", std::move(name)};
    }
  }
  if (owner.kind == "Job") {
    if (std::string name = CronJobOf(owner.name); !name.empty()) {
      return facts::Controller{"batch/v1", "CronJob", std::move(name)};
    }
  }
  return owner;
}

}  // namespace tagdrift::kube
