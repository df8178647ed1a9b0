#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "check_command.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::cli {

/// What `agent` says of what the arguments select, with a warning where that is old; `refresh`: of a round made now.
/// Errors: a malformed pattern; see Client::GetReport.
absl::StatusOr<v1::NodeReport> ReportOfAgent(remote::Client& agent, const RoundArguments& arguments, bool refresh,
                                             const CallContext& context);

/// The same of the agent that listens on this node where agents do; nothing where none answers within a second.
std::optional<v1::NodeReport> ReportOfAgentHere(const RoundArguments& arguments, const CallContext& context);

/// What has to be known of a report that is more than two hours old at `now`, or was followed by failed rounds; else
/// empty.
std::string AgeWarning(const v1::GetReportResponse& response, absl::Time now);

}  // namespace tagdrift::cli
