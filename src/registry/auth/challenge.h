#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tagdrift::registry {

/// One challenge of a WWW-Authenticate header (RFC 9110, section 11).
struct Challenge {
  std::string scheme;                             ///< lower case
  std::map<std::string, std::string> parameters;  ///< names in lower case; the last of equal names
  std::string token68;

  /// Empty when absent: an empty value counts as absent.
  std::string Parameter(std::string_view name) const;

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

/// Parses the header's lines in order. One line may hold several challenges; a malformed rest of a line is dropped and
/// what was complete is kept. At most 16 lines of 8 KiB, 16 challenges, 32 parameters each.
std::vector<Challenge> ParseChallenges(const std::vector<std::string>& lines);

/// The challenge to meet: the first Bearer with a realm, else the first Basic, else null.
const Challenge* ChooseChallenge(const std::vector<Challenge>& challenges);

}  // namespace tagdrift::registry
