#include "hosts/toml/key_names.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "hosts/go/go_text.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

/// Letters to change, insert or remove to make one of the other.
std::size_t Distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t change = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view MeantKey(std::string_view typed, std::span<const std::string_view> known) {
  if (typed.size() > 64) return "";
  std::string lower = text::Lower(typed);
  std::ranges::replace(lower, '-', '_');
  std::string_view best;
  std::size_t least = 3;
  for (const std::string_view name : known) {
    const std::size_t distance = Distance(lower, name);
    if (distance < least && distance * 2 < name.size()) {
      least = distance;
      best = name;
    }
  }
  return best;
}

std::string UnknownKeyDetail(std::string_view typed, std::span<const std::string_view> known) {
  std::string detail = "key " + GoQuoted(typed.substr(0, 128)) + " is unknown to containerd and skipped";
  const std::string_view meant = MeantKey(typed, known);
  if (!meant.empty()) detail += "; did you mean " + GoQuoted(meant) + "?";
  return detail;
}

}  // namespace tagdrift::hosts
