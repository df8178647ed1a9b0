#include "execution.h"

#include "absl/strings/match.h"

namespace tagdrift::agent {

bool IsOfARestart(const absl::Status& status) {
  return absl::IsUnavailable(status) ||
         (absl::IsUnknown(status) && absl::StrContains(status.message(), "server is not initialized yet"));
}

absl::StatusOr<std::optional<node::ImageRecord>> ReadName(const Shared& shared, const std::string& name,
                                                          const CallContext& context) {
  return AskThroughARestart(shared, context, [&] { return shared.runtime.containerd->GetImage(name, context); });
}

}  // namespace tagdrift::agent
