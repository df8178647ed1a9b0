#pragma once

#include <string_view>

#include "toml_document.h"

namespace tagdrift::hosts {

/// Whether go-toml may accept a text that toml11 refuses with `message`: numbers, dates and escapes that it does not
/// check, or spellings that go-toml 1 lets pass. What both refuse (a bracket or quote missing, a text without quotes, a
/// table twice) is no doubt.
bool MayBeAccepted(std::string_view message, TomlDialect dialect);

}  // namespace tagdrift::hosts
