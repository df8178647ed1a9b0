#pragma once

#include <optional>
#include <string_view>

#include "hosts/toml/document.h"

namespace tagdrift::hosts {

/// Refuses a text that would cost the TOML parser too much stack, memory or time: its size, the length of a line, the
/// number of values, the depth of brackets and of dotted keys. Needs no valid TOML.
std::optional<TomlRefusal> ExceededLimit(std::string_view text);

}  // namespace tagdrift::hosts
