#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tagdrift::hosts {

/// `key "capabilties" is unknown to containerd and skipped; did you mean "capabilities"?`
std::string UnknownKeyDetail(std::string_view typed, std::span<const std::string_view> known);

}  // namespace tagdrift::hosts
