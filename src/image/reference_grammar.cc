#include "reference_grammar.h"

#include <algorithm>
#include <cstddef>

#include "character.h"

namespace tagdrift::image {
namespace {

constexpr std::size_t kTagLimit = 128;
constexpr std::size_t kDigestHexMinimum = 32;

// True if every piece of `text` between `separator`s fits.
template <typename Fits>
bool AllPieces(std::string_view text, char separator, Fits fits) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!fits(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool IsHostLabel(std::string_view text) {
  return !text.empty() && IsAlnum(text.front()) && IsAlnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '-'; });
}

bool IsPort(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit); }

bool IsBracketedAddress(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  text = text.substr(1, text.size() - 2);
  return std::all_of(text.begin(), text.end(), [](char c) { return IsHex(c) || c == ':'; });
}

bool IsHost(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    if (!IsPort(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  return IsBracketedAddress(text) || AllPieces(text, '.', IsHostLabel);
}

// Length of the separator at the start of `text`: ".", "_", "__" or a run of dashes. 0: none.
std::size_t SeparatorLength(std::string_view text) {
  if (text.front() == '.') return 1;
  if (text.front() == '_') return text.size() > 1 && text[1] == '_' ? 2 : 1;
  return std::min(text.find_first_not_of('-'), text.size());
}

bool IsPathComponent(std::string_view text) {
  while (true) {
    const auto word_end = std::find_if_not(text.begin(), text.end(), IsLowerOrDigit);
    if (word_end == text.begin()) return false;
    text.remove_prefix(static_cast<std::size_t>(word_end - text.begin()));
    if (text.empty()) return true;
    const std::size_t separator = SeparatorLength(text);
    if (separator == 0) return false;
    text.remove_prefix(separator);
  }
}

bool IsPath(std::string_view text) { return AllPieces(text, '/', IsPathComponent); }

bool IsWordCharacter(char c) { return IsAlnum(c) || c == '_'; }

bool IsTag(std::string_view text) {
  return !text.empty() && text.size() <= kTagLimit && IsWordCharacter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsWordCharacter(c) || c == '.' || c == '-'; });
}

bool IsAlgorithm(std::string_view text) {
  bool at_start = true;
  for (char c : text) {
    const bool separator = c == '-' || c == '_' || c == '+' || c == '.';
    if (at_start ? !IsAlpha(c) : !(IsAlnum(c) || separator)) return false;
    at_start = separator;
  }
  return !at_start;
}

bool IsDigest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !IsAlgorithm(text.substr(0, colon))) return false;
  const std::string_view hex = text.substr(colon + 1);
  return hex.size() >= kDigestHexMinimum && std::all_of(hex.begin(), hex.end(), IsHex);
}

// Moves what follows position `mark` of `text` into `suffix` and drops the mark. False: there is a mark and what
// follows it does not fit.
template <typename Fits>
bool TakeSuffix(std::string_view& text, std::size_t mark, std::string_view& suffix, Fits fits) {
  if (mark == std::string_view::npos) return true;
  suffix = text.substr(mark + 1);
  text = text.substr(0, mark);
  return fits(suffix);
}

}  // namespace

bool IsHostPart(std::string_view text) {
  if (IsHost(text)) return true;
  const std::size_t colon = text.rfind(':');
  return IsPathComponent(text.substr(0, colon)) && (colon == std::string_view::npos || IsPort(text.substr(colon + 1)));
}

bool SplitReference(std::string_view text, ReferenceParts& parts) {
  parts = {};
  if (!TakeSuffix(text, text.find('@'), parts.digest, IsDigest)) return false;
  const std::size_t last_slash = text.rfind('/');
  if (last_slash == std::string_view::npos) return false;
  if (!TakeSuffix(text, text.find(':', last_slash), parts.tag, IsTag)) return false;

  const std::size_t slash = text.find('/');
  parts.path = text.substr(slash + 1);
  if (IsHost(text.substr(0, slash)) && IsPath(parts.path)) {
    parts.host = text.substr(0, slash);
    return true;
  }
  parts.path = text;
  return IsPath(text);
}

}  // namespace tagdrift::image
