#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::credentials {

/// Standard alphabet, with or without padding; surrounding white space is ignored. Nothing for anything else.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace tagdrift::credentials
