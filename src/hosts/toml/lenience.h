#pragma once

#include <string_view>

#include "hosts/toml/document.h"

namespace tagdrift::hosts {

/// Whether go-toml may accept a text that toml11 refuses with `message`: numbers, dates and escapes that it does not
/// check, or spellings that go-toml 1 lets pass. False for what go-toml refuses as well: a bracket or quote missing, a
/// text without quotes, a table twice.
bool MayBeReadByGo(std::string_view message, TomlDialect dialect);

}  // namespace tagdrift::hosts
