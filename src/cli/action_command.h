#pragma once

#include "CLI/CLI.hpp"
#include "stop_on_signal.h"

namespace tagdrift::cli {

/// Adds `refresh`, `prepull` and `evict`, which end at `stop`; `exit_code` is set when one has run.
void AddActionCommands(CLI::App& app, StopOnSignal& stop, int& exit_code);

}  // namespace tagdrift::cli
