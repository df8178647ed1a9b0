#pragma once

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// Adds `tagdrift mirrors`; `exit_code` is set when it has run.
void AddMirrorsCommand(CLI::App& app, int& exit_code);

}  // namespace tagdrift::cli
