#include "tagdrift/image/digest_prefix.h"

#include <algorithm>

#include "character.h"
#include "hex_length.h"

namespace tagdrift::image {

bool IsDigestPrefix(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool bare = colon == std::string_view::npos;
  const std::string_view hex = bare ? text : text.substr(colon + 1);
  const std::size_t longest = HexLength(bare ? "sha512" : text.substr(0, colon));
  return hex.size() >= kShortestDigestPrefix && hex.size() <= longest &&
         std::all_of(hex.begin(), hex.end(), IsLowerHex);
}

bool HasPrefix(const Digest& digest, std::string_view prefix) {
  const bool bare = prefix.find(':') == std::string_view::npos;
  return bare ? digest.hex().starts_with(prefix) : digest.text().starts_with(prefix);
}

}  // namespace tagdrift::image
