#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

/// Follows the node and its pods, on a thread each, and again after a pause where that ends.
class Following {
 public:
  /// `changed` is called on those threads, where something may have changed.
  Following(agent::Agent& agent, std::function<void()> changed, std::shared_ptr<const Clock> clock);
  /// Ends both.
  ~Following();
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  /// Begins, as far as that has not been done. Errors: Unavailable, there are no more threads; may be called again.
  absl::Status Begin();

 private:
  using OnEnd = std::function<void(const absl::Status& end, absl::Duration pause)>;
  /// Calls `follow` again and again until it is Unimplemented, after pauses that grow while it ends early; `ended` is
  /// told each time, before the pause.
  void Keep(const std::function<absl::Status()>& follow, const OnEnd& ended, absl::Duration longest_pause,
            const std::stop_token& stop) const;
  void FollowNode(const std::stop_token& stop) const;
  void FollowPods(const std::stop_token& stop) const;

  agent::Agent& agent_;
  const std::function<void()> changed_;
  const std::shared_ptr<const Clock> clock_;
  std::jthread node_;
  std::jthread pods_;
};

}  // namespace tagdrift::serve
