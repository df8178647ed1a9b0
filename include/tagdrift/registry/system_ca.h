#pragma once

#include <string>
#include <vector>

namespace tagdrift::registry {

/// Where Go looks for the system's CA bundle on Linux, in its order; the first file that can be read counts.
const std::vector<std::string>& SystemCaPlaces();

}  // namespace tagdrift::registry
