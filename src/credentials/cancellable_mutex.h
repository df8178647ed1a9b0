#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::credentials {

/// A mutex to hold while a program runs or files are read: who waits for it gives up when its own call ends.
class CancellableMutex {
 public:
  /// Errors: Cancelled, and it is not held.
  absl::Status Lock(const CallContext& context);
  void Unlock();

 private:
  std::mutex mutex_;
  std::condition_variable_any unlocked_;
  bool is_held_ = false;
};

}  // namespace tagdrift::credentials
