#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tagdrift::node {

/// What a pull may show to hosts that ask for a password. Secret.
struct PullCredential {
  std::string username;
  std::string password;
  std::string identity_token;
  /// URL of the only host that may see it ("https://registry.corp"); empty: every host that asks.
  std::string server_address;
};

/// The CRI's calls that change which images a node has. Errors are gRPC's codes with "doing: what happened".
class CriActions {
 public:
  virtual ~CriActions() = default;

  /// Pulls `reference` and answers the image id. Without `credential` containerd's own are used, if it has any.
  /// Errors: Cancelled at `stop`, DeadlineExceeded after `timeout`.
  virtual absl::StatusOr<std::string> PullImage(const std::string& reference,
                                                const std::optional<PullCredential>& credential, absl::Duration timeout,
                                                std::stop_token stop) = 0;
  /// Removes the image with every name it has.
  virtual absl::Status RemoveImage(const std::string& id) = 0;
};

}  // namespace tagdrift::node
