#include "kube/client.h"

#include <fmt/format.h>

#include <utility>

namespace tagdrift::kube {

absl::StatusOr<std::string> Client::Get(const std::string& url, const std::string& pin, std::size_t body_limit,
                                        const CallContext& context) {
  return Ask({.url = url, .user_agent = user_agent_, .pin = pin, .body_limit = body_limit}, context);
}

absl::Status Client::Stream(const std::string& url, std::function<bool(std::string_view piece)> on_body,
                            const CallContext& context) {
  return Ask({.url = url, .user_agent = user_agent_, .on_body = std::move(on_body)}, context).status();
}

absl::StatusOr<HttpsAnswer> Client::AskOnce(HttpsRequest& request, const CallContext& context) {
  if (absl::Status status = ReloadToken(files_, identity_); !status.ok()) return status;
  request.token = identity_.token;
  return HttpsGet(request, context);
}

absl::StatusOr<std::string> Client::Ask(HttpsRequest request, const CallContext& context) {
  request.client_certificate = identity_.client_certificate;
  request.client_key = identity_.client_key;
  request.ca_pem = identity_.ca_pem;
  absl::StatusOr<HttpsAnswer> answer = AskOnce(request, context);
  if (answer.ok() && answer->status == 401) {
    const std::string refused = identity_.token;
    if (absl::Status status = ReloadToken(files_, identity_); !status.ok()) return status;
    if (identity_.token != refused) answer = AskOnce(request, context);
  }
  if (!answer.ok()) return answer.status();
  switch (answer->status) {
    case 200:
      return std::move(answer->body);
    case 401:
      return absl::UnauthenticatedError("the token or client certificate is not accepted (401)");
    case 403:
      return absl::PermissionDeniedError("not allowed (403)");
    default:
      return absl::UnavailableError(fmt::format("answers {}", answer->status));
  }
}

}  // namespace tagdrift::kube
