#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "tagdrift/render/render.h"

namespace tagdrift::cli {

/// Adds `-o table|wide|json|name`.
void AddOutputOption(CLI::App& command, std::string& format);

render::Format FormatNamed(const std::string& word);

/// Colour and width of standard output; neither where it is no terminal or NO_COLOR is set.
render::Style StyleOfTerminal();

}  // namespace tagdrift::cli
