#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::text {

/// Standard alphabet, with padding.
std::string Base64Encode(std::string_view bytes);

/// Standard alphabet, with or without padding; surrounding white space is ignored. Nothing for anything else.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace tagdrift::text
