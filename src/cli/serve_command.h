#pragma once

#include "CLI/CLI.hpp"
#include "stop_on_signal.h"

namespace tagdrift::cli {

/// Adds `tagdrift serve`, which runs until `stop`; `exit_code` is set when it has ended.
void AddServeCommand(CLI::App& app, StopOnSignal& stop, int& exit_code);

}  // namespace tagdrift::cli
