#include "tagdrift/image/digest.h"

#include <algorithm>

#include "absl/status/status.h"
#include "character.h"
#include "hex_length.h"

namespace tagdrift::image {
namespace {

// [a-z0-9]+ ([.+_-] [a-z0-9]+)*
bool IsAlgorithmName(std::string_view text) {
  bool after_separator = true;
  for (char c : text) {
    const bool separator = c == '.' || c == '+' || c == '_' || c == '-';
    if (separator ? after_separator : !IsLowerOrDigit(c)) return false;
    after_separator = separator;
  }
  return !after_separator;
}

bool IsEncoded(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '=' || c == '_' || c == '-'; });
}

}  // namespace

std::size_t HexLength(std::string_view algorithm) {
  if (algorithm == "sha256") return 64;
  if (algorithm == "sha384") return 96;
  return algorithm == "sha512" ? 128 : 0;
}

absl::StatusOr<Digest> Digest::Parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return absl::InvalidArgumentError("invalid checksum digest format");
  }
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  const std::size_t length = HexLength(algorithm);
  if (length == 0) {
    const bool well_formed = IsAlgorithmName(algorithm) && IsEncoded(hex);
    return absl::InvalidArgumentError(well_formed ? "unsupported digest algorithm" : "invalid checksum digest format");
  }
  if (hex.size() != length) return absl::InvalidArgumentError("invalid checksum digest length");
  if (!std::all_of(hex.begin(), hex.end(), IsLowerHex)) {
    return absl::InvalidArgumentError("invalid checksum digest format");
  }
  return Digest(std::string(text));
}

std::string_view Digest::algorithm() const { return std::string_view(text()).substr(0, text().find(':')); }

std::string_view Digest::hex() const { return std::string_view(text()).substr(text().find(':') + 1); }

std::string Digest::Short() const { return text().substr(0, text().find(':') + 1 + 12); }

}  // namespace tagdrift::image
