#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace tagdrift::registry
