#pragma once

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// Adds `replay`; `exit_code` is set when it has run.
void AddReplayCommand(CLI::App& app, int& exit_code);

}  // namespace tagdrift::cli
