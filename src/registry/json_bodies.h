#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tagdrift::registry {

/// First `code` of a registry's JSON error body ("MANIFEST_UNKNOWN"); empty for anything else. Reads at most 64 KiB.
std::string FirstErrorCode(std::string_view body);

struct TokenBody {
  std::string token;         ///< secret
  std::string access_token;  ///< secret
  std::optional<std::int64_t> expires_in;
};

/// A token server's answer. Nothing for anything but a JSON object.
std::optional<TokenBody> ParseTokenBody(std::string_view body);

/// One entry of a docker config file's `auths`. All but `key` are secret.
struct AuthEntry {
  std::string key;
  std::string auth;
  std::string username;
  std::string password;
  bool has_identity_token = false;
};

/// Errors: InvalidArgument saying what is wrong (not JSON, no object, a field of the wrong type with its key), never a
/// value.
absl::StatusOr<std::vector<AuthEntry>> ParseAuths(std::string_view text);

}  // namespace tagdrift::registry
