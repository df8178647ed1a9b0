#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "node_options.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::cli {

/// The agent that the options of a command describe: the one place where the parts are put together. Does no I/O.
/// Errors: InvalidArgument, one line that says what to do.
absl::StatusOr<std::unique_ptr<agent::Agent>> MakeAgent(const NodeOptions& options);

/// The bounds of a command: its --timeout from now on, and `stop`.
CallContext ContextOf(const NodeOptions& options, std::stop_token stop);

}  // namespace tagdrift::cli
