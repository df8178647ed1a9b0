#pragma once

#include <cstddef>
#include <string_view>

namespace tagdrift::image {

/// Hex digits that follow "sha256:" and the like in a digest; 0: no such algorithm.
std::size_t HexLength(std::string_view algorithm);

}  // namespace tagdrift::image
