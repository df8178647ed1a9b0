#pragma once

#include <string>
#include <string_view>

namespace tagdrift::text {

/// `path` as a URL's path has it: all but letters, digits and `/-._~` as `%XX`.
std::string PercentEncoded(std::string_view path);

}  // namespace tagdrift::text
