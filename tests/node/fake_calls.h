#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::node {

/// The calls that fakes get, in their order. Each ends as a real one when its context has ended, and one of them may
/// hang until then. Thread safe.
class FakeCalls {
 public:
  /// To be called first by each call, which goes on only when it is OK.
  absl::Status Begin(const std::string& doing, const CallContext& context);

  /// The call after `more` further ones hangs until its context ends.
  void HangAfter(int more);
  /// All calls hang until Thaw.
  void Freeze();
  void Thaw();
  /// Waits until a call hangs.
  void AwaitHanging();
  /// What was asked so far.
  std::vector<std::string> seen() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> seen_;
  int before_hanging_ = -1;  ///< negative: none hangs
  bool frozen_ = false;
  int hanging_ = 0;
};

}  // namespace tagdrift::node
