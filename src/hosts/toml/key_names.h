#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tagdrift::hosts {

/// The name among `known` that `typed` is a slip of, at most two letters away ("capabilties" is "capabilities"); empty:
/// none.
std::string_view MeantKey(std::string_view typed, std::span<const std::string_view> known);

/// `key "capabilties" is unknown to containerd and skipped; did you mean "capabilities"?`
std::string UnknownKeyDetail(std::string_view typed, std::span<const std::string_view> known);

}  // namespace tagdrift::hosts
