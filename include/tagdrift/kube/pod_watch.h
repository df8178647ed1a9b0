#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/kube/pods.h"

namespace tagdrift::kube {

/// Follows the pods of one node at the API server, so that a process that lives long lists them once. Thread safe.
class PodWatch {
 public:
  /// As ReadPods takes them, whatever `options.from` says.
  PodWatch(Options options, std::map<std::string, std::string> environment)
      : options_(std::move(options)), environment_(std::move(environment)) {}

  /// Lists the pods, then watches them, and calls `changed` after the list and after each change, until the context
  /// ends or the watch cannot go on: then they have to be listed again. Tokens are read anew for each request, the rest
  /// of the identity for each call. One call at a time. Errors: why it ended, never OK.
  absl::Status Follow(const std::string& node_name, const std::function<void()>& changed, const CallContext& context);

  /// The pods as they are now. Nothing where they are not followed.
  std::optional<NodePods> Latest() const;

 private:
  const Options options_;
  const std::map<std::string, std::string> environment_;
  mutable std::mutex mutex_;
  std::optional<NodePods> latest_;  ///< mutex_
};

}  // namespace tagdrift::kube
