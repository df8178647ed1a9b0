#pragma once

#include <cstdint>
#include <limits>

namespace tagdrift::image {

/// The sum of two sizes that documents claim, which can be anything up to the greatest: that instead of more.
constexpr std::int64_t AddSizes(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  return a > kGreatest - b ? kGreatest : a + b;
}

}  // namespace tagdrift::image
