#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// For CLI::App::parse, which takes them in reverse. "--to=" is "--to" with an empty value: CLI11 by itself would take
/// the next argument for it.
std::vector<std::string> ReverseArguments(int argc, const char* const* argv);

/// From here on an empty value of an option of whatever command is wrong usage: a shell variable that is not set must
/// not make of `--to "$OLD"` what the command does without.
void RefuseEmptyValues(CLI::App& app);

}  // namespace tagdrift::cli
