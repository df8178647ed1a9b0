#include "tagdrift/text/near_miss.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "tagdrift/text/text.h"

namespace tagdrift::text {
namespace {

constexpr std::size_t kLongest = 64;

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

std::string Plain(std::string_view name) {
  std::string plain = Lower(name);
  std::ranges::replace(plain, '-', '_');
  return plain;
}

}  // namespace

std::string_view NearMiss(std::string_view typed, std::span<const std::string_view> known) {
  if (typed.size() > kLongest) return "";
  const std::string plain = Plain(typed);
  std::string_view best;
  std::size_t least = 3;
  for (const std::string_view name : known) {
    const std::size_t distance = Distance(plain, Plain(name));
    if (distance < least && distance * 2 < name.size()) {
      least = distance;
      best = name;
    }
  }
  return best;
}

}  // namespace tagdrift::text
