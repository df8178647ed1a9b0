#include "tagdrift/hosts/containerd_version.h"

#include <array>
#include <charconv>
#include <optional>

namespace tagdrift::hosts {
namespace {

/// Takes a number of at most six digits from the front of `text`.
std::optional<int> TakeNumber(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || digits > 6) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits);
  return value;
}

bool EndsNumbers(std::string_view rest) {
  return rest.empty() || rest[0] == '~' || rest[0] == '-' || rest[0] == '+' || rest[0] == ' ';
}

}  // namespace

absl::StatusOr<ContainerdVersion> ContainerdVersion::Parse(std::string_view text) {
  const absl::Status refused =
      absl::InvalidArgumentError("reading the containerd version \"" + std::string(text) + "\": expected X.Y.Z");
  std::string_view rest = text;
  if (rest.starts_with('v')) rest.remove_prefix(1);

  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) {
      if (i == 2 && EndsNumbers(rest)) break;
      if (!rest.starts_with('.')) return refused;
      rest.remove_prefix(1);
    }
    const std::optional<int> number = TakeNumber(rest);
    if (!number) return refused;
    numbers[i] = *number;
  }
  if (!EndsNumbers(rest)) return refused;
  return ContainerdVersion{numbers[0], numbers[1], numbers[2]};
}

std::string ContainerdVersion::Text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace tagdrift::hosts
