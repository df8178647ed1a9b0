#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "serve/refusal_reason.h"
#include "tagdrift/registry/client.h"
#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::serve {

/// What /metrics says, in Prometheus' text format. No label names a digest, a pod or a host that is not configured, and
/// a node with up to eight registries of three hosts has at most 150 series. Thread safe.
class Metrics {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  explicit Metrics(std::string version);

  /// A round of checks has ended, with a new report or in vain.
  void RoundEnded(absl::Duration took, bool ok);
  /// Plans that were only shown are not counted.
  void ActionEnded(const v1::ActionResult& result);
  void Refused(Refusal reason);

  /// All series at `now`. `report` is the latest one; null: there is none yet.
  std::string Render(const v1::NodeReport* report, const registry::Client::Counts& requests, absl::Time now);

 private:
  const std::string version_;
  std::mutex mutex_;
  std::vector<std::uint64_t> rounds_;  ///< by duration
  std::uint64_t failures_ = 0;
  double round_seconds_ = 0;
  std::map<std::pair<int, int>, std::uint64_t> actions_;  ///< by action and state
  std::map<Refusal, std::uint64_t> refused_;
  std::set<std::pair<std::string, std::string>> named_;  ///< host and code of requests that have series of their own
};

}  // namespace tagdrift::serve
