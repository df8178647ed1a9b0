#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "credentials/docker/config.h"

namespace tagdrift::credentials {

/// One entry of `auths`. Nothing where it holds no secret (`{}` marks what a helper holds). `auth` has
/// precedence over `username` and `password`, a registry token over both; an identity token is used where there is no
/// password. Errors: why
/// it cannot be used, never a value.
absl::StatusOr<std::optional<registry::Credential>> ReadAuthEntry(const nlohmann::json& entry, Reader reader);

/// A user name and secret as docker writes them: the name `<token>` makes the secret an identity token.
registry::Credential FromUserAndSecret(std::string user, std::string secret);

}  // namespace tagdrift::credentials
