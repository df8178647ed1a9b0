#include "registry/client/outcome.h"

#include <cstddef>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMostHosts = 128;
constexpr std::size_t kMostCodes = 12;

/// The entry of `name`; once there are `most`, that of all others.
template <typename Value>
Value& Bounded(std::map<std::string, Value>& entries, const std::string& name, std::size_t most) {
  if (const auto found = entries.find(name); found != entries.end()) return found->second;
  return entries[entries.size() < most ? name : "other"];
}

std::string CodeOf(const HttpResponse& response) {
  if (response.status != 0) return std::to_string(response.status);
  const bool timeout = response.failure == hosts::Failure::kTimeout || response.failure == hosts::Failure::kDeadline;
  return timeout ? "timeout" : "error";
}

}  // namespace

void CountOutcome(const std::string& host, const HttpResponse& response,
                  std::map<std::string, std::map<std::string, std::uint64_t>>& outcomes) {
  const bool sent = response.status != 0 || response.latency > absl::ZeroDuration();
  if (!sent) return;  // held back, or its time was up before its turn came
  ++Bounded(Bounded(outcomes, host, kMostHosts), CodeOf(response), kMostCodes);
}

}  // namespace tagdrift::registry
