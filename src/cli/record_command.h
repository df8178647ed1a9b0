#pragma once

#include "CLI/CLI.hpp"
#include "stop_on_signal.h"

namespace tagdrift::cli {

/// Adds `record`, which ends at `stop`; `exit_code` is set when it has run.
void AddRecordCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code);

}  // namespace tagdrift::cli
