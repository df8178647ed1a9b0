#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::kube {

inline constexpr std::size_t kMostBodyBytes = 32 << 20;

/// One GET. All but `url` and `user_agent` may be secret.
struct HttpsRequest {
  std::string url;
  std::string user_agent;
  std::string token = {};               ///< bearer token; empty: none
  std::string client_certificate = {};  ///< PEM; empty: none
  std::string client_key = {};          ///< PEM
  std::string ca_pem = {};              ///< authorities that the server is verified by; empty: the system's
  /// Instead of that: the server has this key, as CertificatePin gives it, whatever its certificate says.
  std::string pin = {};
  std::size_t body_limit = kMostBodyBytes;
  /// Given the body of a 200 as it comes, however long it is, instead of the answer; false ends the request.
  std::function<bool(std::string_view piece)> on_body = {};
};

struct HttpsAnswer {
  int status = 0;
  std::string body;  ///< empty unless `status` is 200 and the request has no `on_body`
};

/// Verifies the server before anything is sent. Follows no redirects and uses no proxy. Errors, in words that name
/// neither URL nor secrets: FailedPrecondition where the server cannot be verified; InvalidArgument for certificates
/// that cannot be used; ResourceExhausted where the body is larger than `body_limit`; Unavailable where there is no
/// connection, or the answer ended early; DeadlineExceeded and Cancelled by `context`, at once.
absl::StatusOr<HttpsAnswer> HttpsGet(const HttpsRequest& request, const CallContext& context);

}  // namespace tagdrift::kube
