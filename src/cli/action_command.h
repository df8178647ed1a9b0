#pragma once

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// Adds `refresh`, `prepull` and `evict`.
void AddActionCommands(CLI::App& app, int& exit_code);

}  // namespace tagdrift::cli
