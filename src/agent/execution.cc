#include "execution.h"

#include <chrono>

namespace tagdrift::agent {
namespace {

constexpr std::chrono::seconds kRestart(10);
constexpr std::chrono::milliseconds kPause(250);

}  // namespace

absl::StatusOr<std::optional<node::ImageRecord>> ReadName(const Shared& shared, const std::string& name,
                                                          const CallContext& context) {
  const SteadyTime give_up = shared.clock.Steady() + kRestart;
  for (;;) {
    auto record = shared.runtime.containerd->GetImage(name, context);
    const SteadyTime next = shared.clock.Steady() + kPause;
    if (!absl::IsUnavailable(record.status()) || next > give_up || context.Ended(next)) return record;
    if (!shared.clock.WaitUntil(next, context.stop)) return record;
  }
}

}  // namespace tagdrift::agent
