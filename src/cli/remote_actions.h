#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::cli {

/// Lets `agent` do `requests`, which are one action and differ by their references only; `to`: as --to has it. Errors:
/// see Client::Act.
absl::StatusOr<v1::ActionReport> ActRemotely(remote::Client& agent, const std::vector<agent::ActionRequest>& requests,
                                             const std::string& to, const remote::ActionHooks& hooks,
                                             const CallContext& context);

/// The same for who shows it.
agent::ActionProgress ProgressFrom(const v1::ActionProgress& progress);

}  // namespace tagdrift::cli
