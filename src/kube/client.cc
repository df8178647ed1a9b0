#include "kube/client.h"

#include <fmt/format.h>

#include <utility>

namespace tagdrift::kube {

absl::StatusOr<HttpsAnswer> Client::GetOnce(const std::string& url, const std::string& pin, std::size_t body_limit,
                                            const CallContext& context) {
  if (absl::Status status = ReloadToken(files_, identity_); !status.ok()) return status;
  return HttpsGet({.url = url,
                   .user_agent = user_agent_,
                   .token = identity_.token,
                   .client_certificate = identity_.client_certificate,
                   .client_key = identity_.client_key,
                   .ca_pem = identity_.ca_pem,
                   .pin = pin,
                   .body_limit = body_limit},
                  context);
}

absl::StatusOr<std::string> Client::Get(const std::string& url, const std::string& pin, std::size_t body_limit,
                                        const CallContext& context) {
  absl::StatusOr<HttpsAnswer> answer = GetOnce(url, pin, body_limit, context);
  if (answer.ok() && answer->status == 401) {
    const std::string refused = identity_.token;
    if (absl::Status status = ReloadToken(files_, identity_); !status.ok()) return status;
    if (identity_.token != refused) answer = GetOnce(url, pin, body_limit, context);
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
