#include "credentials/docker/auth_entry.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::credentials {
namespace {

constexpr char kTokenUser[] = "<token>";

struct Fields {
  std::string auth;
  std::string username;
  std::string password;
  std::string identity_token;
  std::string registry_token;
};

absl::StatusOr<Fields> ReadFields(const nlohmann::json& entry) {
  if (!entry.is_object()) return absl::InvalidArgumentError("is no object");
  Fields fields;
  for (const auto& [name, field] :
       {std::pair{"auth", &fields.auth}, std::pair{"username", &fields.username},
        std::pair{"password", &fields.password}, std::pair{"identitytoken", &fields.identity_token},
        std::pair{"registrytoken", &fields.registry_token}}) {
    const auto found = entry.find(name);
    if (found == entry.end() || found->is_null()) continue;
    if (!found->is_string()) return absl::InvalidArgumentError(std::string("'") + name + "' is no string");
    *field = found->get<std::string>();
  }
  return fields;
}

absl::Status DecodeAuth(Fields& fields) {
  std::optional<std::string> decoded = text::Base64Decode(fields.auth);
  if (!decoded) return absl::InvalidArgumentError("'auth' is not base64");
  decoded->erase(decoded->find_last_not_of('\0') + 1);
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError("'auth' has no colon between user and password");
  }
  fields.username = decoded->substr(0, colon);
  fields.password = decoded->substr(colon + 1);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<registry::Credential>> ReadAuthEntry(const nlohmann::json& entry, Reader reader) {
  absl::StatusOr<Fields> fields = ReadFields(entry);
  if (!fields.ok()) return fields.status();
  if (!fields->auth.empty()) {
    if (absl::Status status = DecodeAuth(*fields); !status.ok()) return status;
  }
  const bool has_token = !fields->identity_token.empty() || !fields->registry_token.empty();
  if (reader == Reader::kDocker && !fields->registry_token.empty()) {
    return registry::Credential{.registry_token = std::move(fields->registry_token)};
  }
  if (!fields->password.empty()) {
    if (reader == Reader::kDocker) return FromUserAndSecret(std::move(fields->username), std::move(fields->password));
    return registry::Credential{.username = std::move(fields->username), .password = std::move(fields->password)};
  }
  if (reader == Reader::kDocker && has_token) {
    return registry::Credential{.identity_token = std::move(fields->identity_token)};
  }
  if (has_token) return absl::InvalidArgumentError("holds a token, which the kubelet does not use");
  if (fields->username.empty() && fields->auth.empty()) return std::nullopt;
  return absl::InvalidArgumentError("has a user name but no password");
}

registry::Credential FromUserAndSecret(std::string user, std::string secret) {
  if (user == kTokenUser) return {.identity_token = std::move(secret)};
  return {.username = std::move(user), .password = std::move(secret)};
}

}  // namespace tagdrift::credentials
