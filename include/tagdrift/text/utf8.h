#pragma once

#include <cstddef>
#include <string_view>

namespace tagdrift::text {

/// Bytes of the UTF-8 character at the front of `text`, which is not empty. 0: there is none (cut off, overlong, a
/// surrogate, or beyond U+10FFFF).
std::size_t CharacterLength(std::string_view text);

}  // namespace tagdrift::text
