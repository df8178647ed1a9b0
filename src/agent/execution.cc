#include "execution.h"

namespace tagdrift::agent {

absl::StatusOr<std::optional<node::ImageRecord>> ReadName(const Shared& shared, const std::string& name,
                                                          const CallContext& context) {
  return AskThroughARestart(shared, context, [&] { return shared.runtime.containerd->GetImage(name, context); });
}

}  // namespace tagdrift::agent
