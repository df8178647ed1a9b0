#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kube/https_get.h"
#include "kube/identity.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::kube {

/// Asks servers of one cluster under one identity. The token is read from its file for each request, and once more
/// where it is refused: it may have been rotated in between.
class Client {
 public:
  /// `files` is this process's root and outlives the client.
  Client(Identity identity, std::string user_agent, const hosts::FileTree& files)
      : identity_(std::move(identity)), user_agent_(std::move(user_agent)), files_(files) {}

  const std::string& server() const { return identity_.server; }

  /// The body of a 200. With a `pin` the server is verified by that instead of the cluster's CA. Errors: those of
  /// HttpsGet and of reading the token; Unauthenticated for 401, PermissionDenied for 403, Unavailable for others.
  absl::StatusOr<std::string> Get(const std::string& url, const std::string& pin, std::size_t body_limit,
                                  const CallContext& context);
  /// Gives the body of a 200 of the API server to `on_body` until it ends, or that says false. Errors: as Get.
  absl::Status Stream(const std::string& url, std::function<bool(std::string_view piece)> on_body,
                      const CallContext& context);

 private:
  absl::StatusOr<std::string> Ask(HttpsRequest request, const CallContext& context);
  absl::StatusOr<HttpsAnswer> AskOnce(HttpsRequest& request, const CallContext& context);

  Identity identity_;
  const std::string user_agent_;
  const hosts::FileTree& files_;
};

}  // namespace tagdrift::kube
