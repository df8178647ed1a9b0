#pragma once

#include <string>
#include <string_view>

namespace tagdrift::hosts {

/// What is wrong with a line that is no TOML, in the words of a person ("`]` is missing"). `message` is toml11's,
/// `line` the text of the line that it names. Quotes names of tables and keys, never a value.
std::string SyntaxProblem(std::string_view message, std::string_view line);

}  // namespace tagdrift::hosts
