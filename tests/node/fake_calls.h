#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
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

  /// The call after `more` further ones hangs until its context ends; with `for_good`, so does each one after it.
  void HangAfter(int more, bool for_good = false);
  /// All calls hang until Thaw.
  void Freeze();
  void Thaw();
  /// Waits until a call hangs, or has hung, since HangAfter. False: `stop` came before.
  bool AwaitHanging(std::stop_token stop = {});
  /// What hung first since HangAfter; empty: nothing.
  std::string hung() const;

  /// Calls whose description contains `part` fail from now on.
  void Fail(const std::string& part, const absl::Status& status);
  /// What was asked so far.
  std::vector<std::string> seen() const;

 private:
  bool IsToHang(const std::string& doing);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> seen_;
  std::map<std::string, absl::Status> failures_;
  int before_hanging_ = -1;  ///< negative: none hangs
  bool frozen_ = false;
  bool for_good_ = false;
  std::string hung_;
};

}  // namespace tagdrift::node
