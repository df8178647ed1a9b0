#include "work.h"

#include <chrono>
#include <thread>

namespace tagdrift::agent {
namespace {

constexpr int kTries = 40;
constexpr std::chrono::milliseconds kPause(250);

}  // namespace

absl::StatusOr<std::optional<node::ImageRecord>> ReadName(node::RuntimeClients& runtime, const std::string& name) {
  auto record = runtime.containerd->GetImage(name);
  for (int i = 1; i < kTries && absl::IsUnavailable(record.status()); ++i) {
    std::this_thread::sleep_for(kPause);
    record = runtime.containerd->GetImage(name);
  }
  return record;
}

}  // namespace tagdrift::agent
