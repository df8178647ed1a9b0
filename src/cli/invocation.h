#pragma once

#include "node_options.h"
#include "tagdrift/report/command_line.h"

namespace tagdrift::cli {

/// This call, for the commands that its report prints: the options that say which node, configuration, credentials and
/// origins it is about, wherever they were given (command line, environment, --config). Of secrets they hold file names
/// only.
report::Invocation InvocationOf(const NodeOptions& options);

}  // namespace tagdrift::cli
