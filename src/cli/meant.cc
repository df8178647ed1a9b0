#include "meant.h"

#include <fmt/format.h>

#include "tagdrift/text/near_miss.h"

namespace tagdrift::cli {

std::string Meant(const std::string& typed, const std::vector<std::string>& names, std::string_view dashes) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view meant = text::NearMiss(typed, known);
  return meant.empty() ? "" : fmt::format("; did you mean '{}{}'?", dashes, meant);
}

}  // namespace tagdrift::cli
