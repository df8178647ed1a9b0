#pragma once

#include <string>
#include <string_view>

namespace tagdrift::registry {

std::string Base64Encode(std::string_view bytes);

}  // namespace tagdrift::registry
