#include "tagdrift/text/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tagdrift/text/utf8.h"

namespace tagdrift::text {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

/// Unicode's controls, format characters (bidirectional, zero-width, invisible, tags), and line and paragraph
/// separators.
constexpr Range kUnprintable[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},
    {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool IsUnprintable(std::uint32_t code_point) {
  return std::ranges::any_of(kUnprintable,
                             [&](const Range& range) { return code_point >= range.first && code_point <= range.last; });
}

/// The code point of one valid character.
std::uint32_t CodePoint(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t code_point = first & (0x7FU >> character.size());
  for (const char c : character.substr(1)) code_point = (code_point << 6) | (static_cast<unsigned char>(c) & 0x3FU);
  return code_point;
}

std::string Escape(std::uint32_t code_point) {
  switch (code_point) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (code_point < 0x80) return fmt::format("\\x{:02x}", code_point);
  return code_point <= 0xFFFF ? fmt::format("\\u{:04x}", code_point) : fmt::format("\\U{:08x}", code_point);
}

/// Nearly all of what is looked at.
bool IsPrintableAscii(char c) { return c >= ' ' && c <= '~'; }

/// Bytes at the front of `text` that may stand as they are.
std::size_t PrintablePrefix(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    while (at < text.size() && IsPrintableAscii(text[at])) ++at;
    if (at == text.size()) break;
    const std::size_t length = CharacterLength(text.substr(at));
    if (length == 0 || IsUnprintable(CodePoint(text.substr(at, length)))) break;
    at += length;
  }
  return at;
}

}  // namespace

bool IsPrintable(std::string_view text) { return PrintablePrefix(text) == text.size(); }

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const std::size_t prefix = PrintablePrefix(text);
    out += text.substr(0, prefix);
    text.remove_prefix(prefix);
    if (text.empty()) return out;
    const std::size_t length = CharacterLength(text);
    out += length == 0 ? fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]))
                       : Escape(CodePoint(text.substr(0, length)));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace tagdrift::text
