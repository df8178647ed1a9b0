#pragma once

#include <string>
#include <string_view>

namespace tagdrift::text {

/// A URL as it may be shown to people: what stands before its last "@", scheme excepted, is "xxxxx", since that can be
/// a password. Made for texts that need not parse: "https://user:pa/ss@m" is "https://xxxxx@m".
std::string WithoutUserinfo(std::string_view url);

}  // namespace tagdrift::text
