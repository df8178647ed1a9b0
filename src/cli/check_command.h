#pragma once

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// Adds `tagdrift check`; `exit_code` is set when it has run.
void AddCheckCommand(CLI::App& app, int& exit_code);

}  // namespace tagdrift::cli
