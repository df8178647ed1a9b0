#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::node {

/// What a pull may show to hosts that ask for a password. Secret.
struct PullCredential {
  std::string username;
  std::string password;
  std::string identity_token;
  /// URL of the only host that may see it ("https://registry.corp"); empty: every host that asks.
  std::string server_address;
};

/// The CRI's calls that change which images a node has. Thread safe; bounded as CriClient's, but a pull only by its
/// context. Errors are gRPC's codes with "doing: what happened".
class CriActions {
 public:
  virtual ~CriActions() = default;

  /// Pulls `reference` and answers the image id. Without `credential` containerd's own are used, if it has any.
  virtual absl::StatusOr<std::string> PullImage(const std::string& reference,
                                                const std::optional<PullCredential>& credential,
                                                const CallContext& context) = 0;
  /// Removes the image with every name it has.
  virtual absl::Status RemoveImage(const std::string& id, const CallContext& context) = 0;
};

}  // namespace tagdrift::node
