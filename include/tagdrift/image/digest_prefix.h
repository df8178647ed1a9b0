#pragma once

#include <cstddef>
#include <string_view>

#include "tagdrift/image/digest.h"

namespace tagdrift::image {

inline constexpr std::size_t kShortestDigestPrefix = 6;

/// True for what people write instead of a whole digest: its first hex digits, kShortestDigestPrefix at least, with or
/// without the algorithm ("sha256:94ca65e6caf0", "94ca65").
bool IsDigestPrefix(std::string_view text);

/// True if `digest` begins with `prefix`, for which IsDigestPrefix holds.
bool HasPrefix(const Digest& digest, std::string_view prefix);

}  // namespace tagdrift::image
