#pragma once

#include "CLI/CLI.hpp"
#include "stop_on_signal.h"

namespace tagdrift::cli {

/// Adds `tagdrift mirrors`, which ends at `stop`; `exit_code` is set when it has run.
void AddMirrorsCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code);

}  // namespace tagdrift::cli
