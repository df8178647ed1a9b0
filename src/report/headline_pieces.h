#pragma once

#include <string>
#include <vector>

namespace tagdrift::report {

/// The pieces behind the headline's first one: where there is no room for all, the first of these stay. Good news comes
/// last, behind the names in the others.
enum Rank { kRisk, kBehind, kBreakdown, kGone, kUndecided, kUnknown, kFails, kMeasuredBy, kGoodCounts };

/// One piece of the headline, behind what it is separated by.
struct Piece {
  const char* separator;
  std::vector<std::string> forms;  ///< the one that says most first; empty: there is nothing to say
  Rank rank;
};

/// Behind `text`, which always stands, the pieces for which there is room in 80 characters, in their order.
std::string Fit(std::string text, const std::vector<Piece>& pieces);

}  // namespace tagdrift::report
