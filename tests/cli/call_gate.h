#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace tagdrift::cli {

/// Numbers the calls that servers get, from 1 in the order of their arrival, and lets one of them hang. Thread safe.
class CallGate {
 public:
  enum class Hang {
    kUndone,      ///< the call is never carried out
    kUnanswered,  ///< it is carried out, only the answer does not come
    kAllUndone,   ///< nor is any call after it
  };

  /// `number` 0: none hangs.
  explicit CallGate(int number = 0, Hang hang = Hang::kUndone);
  ~CallGate();
  CallGate(const CallGate&) = delete;
  CallGate& operator=(const CallGate&) = delete;

  /// Carries out the next call. A call that hangs does so until `caller_is_gone` or Release. False: not to be answered.
  bool Pass(const std::string& call, const std::function<bool()>& caller_is_gone, const std::function<void()>& act);

  /// A descriptor that is readable once a call hangs.
  int hanging() const { return event_; }
  /// All calls so far.
  std::vector<std::string> seen() const;
  /// Ends what hangs.
  void Release();

 private:
  const int number_;
  const Hang hang_;
  const int event_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  std::vector<std::string> seen_;
};

}  // namespace tagdrift::cli
