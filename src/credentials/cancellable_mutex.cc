#include "credentials/cancellable_mutex.h"

#include "credentials/call_ended.h"

namespace tagdrift::credentials {

absl::Status CancellableMutex::Lock(const CallContext& context) {
  std::unique_lock lock(mutex_);
  if (!unlocked_.wait_until(lock, context.stop, context.deadline, [this] { return !is_held_; })) {
    return CallEnded(context);
  }
  is_held_ = true;
  return absl::OkStatus();
}

void CancellableMutex::Unlock() {
  const std::lock_guard lock(mutex_);
  is_held_ = false;
  unlocked_.notify_one();
}

}  // namespace tagdrift::credentials
