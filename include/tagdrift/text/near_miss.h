#pragma once

#include <span>
#include <string_view>

namespace tagdrift::text {

/// The name among `known` that `typed` is a slip of, at most two letters away ("capabilties" is "capabilities"); letter
/// case and "-" for "_" do not count. Empty: none.
std::string_view NearMiss(std::string_view typed, std::span<const std::string_view> known);

}  // namespace tagdrift::text
