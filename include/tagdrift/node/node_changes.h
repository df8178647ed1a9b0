#pragma once

#include <functional>

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::node {

/// containerd's own events of images, containers and tasks in namespace `k8s.io`. Not the CRI's event stream:
/// containerd 1.7 has one only, which it shares with the kubelet.
class NodeChanges {
 public:
  virtual ~NodeChanges() = default;

  /// Calls `changed` once containerd listens to the subscription, since what happened before is not told, and then
  /// after each event, on the calling thread. Returns when containerd ends the stream or is gone (Unavailable) or the
  /// context ends (Cancelled, DeadlineExceeded); never OK. Thread safe.
  virtual absl::Status Follow(const std::function<void()>& changed, const CallContext& context) = 0;
};

}  // namespace tagdrift::node
