#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "node_options.h"
#include "stop_on_signal.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::cli {

/// What `explain` says on its command line about its subject and its answer.
struct ExplainArguments {
  std::string subject;  ///< REFERENCE or NAMESPACE/POD
  std::string pod;      ///< --pod
  std::string format = "table";
  bool ask_local = false;
};

void AddExplainArguments(CLI::App& command, ExplainArguments& arguments);

/// The round that is needed; `origins` as with --origin. Errors: InvalidArgument naming the value.
absl::StatusOr<agent::CheckOptions> ExplainOptions(const ExplainArguments& arguments,
                                                   const std::vector<std::string>& origins);

/// Prints the explanation and answers the exit code.
int PrintExplanation(const v1::NodeReport& report, const ExplainArguments& arguments);

/// Adds `tagdrift explain`, which ends at `stop`; `exit_code` is set when it has run.
void AddExplainCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code);

}  // namespace tagdrift::cli
