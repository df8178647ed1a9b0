#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::hosts {

/// The offset of the first byte that is not part of valid UTF-8; nothing when all is valid.
std::optional<std::size_t> InvalidUtf8At(std::string_view text);

/// The text with each invalid byte replaced by U+FFFD, as Go does when it turns bytes into characters.
std::string WithValidUtf8(std::string_view text);

}  // namespace tagdrift::hosts
