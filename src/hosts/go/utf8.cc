#include "hosts/go/utf8.h"

#include "tagdrift/text/utf8.h"

namespace tagdrift::hosts {

std::optional<std::size_t> InvalidUtf8At(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = text::CharacterLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string WithValidUtf8(std::string_view text) {
  std::string valid;
  while (const std::optional<std::size_t> bad = InvalidUtf8At(text)) {
    valid += text.substr(0, *bad);
    valid += "\xEF\xBF\xBD";
    text.remove_prefix(*bad + 1);
  }
  return valid.append(text);
}

}  // namespace tagdrift::hosts
