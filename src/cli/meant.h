#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tagdrift::cli {

/// "; did you mean 'check'?" where one of `names` is near what was typed, with `dashes` before it; else nothing.
std::string Meant(const std::string& typed, const std::vector<std::string>& names, std::string_view dashes = "");

}  // namespace tagdrift::cli
