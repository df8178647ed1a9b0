#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "node_options.h"
#include "stop_on_signal.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/report/round.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::cli {

/// What a round is about.
struct RoundArguments {
  NodeOptions node;
  std::vector<std::string> patterns;
  std::vector<std::string> ignored;
  bool in_use = false;
  bool no_containers = false;
  bool all_hosts = false;
  bool ask_local = false;
  bool with_plans = false;  ///< as CheckOptions::with_plans, unless without containers
};

/// How its report is shown, and which part of it.
struct ReportArguments {
  std::string format = "table";
  std::vector<std::string> fail_on = {"stale", "gone", "undecided"};
  bool all = false;
  bool stale_only = false;
  bool npd = false;
  std::string headline_to;  ///< a file; empty: none
};

void AddRoundOptions(CLI::App& command, RoundArguments& arguments);
void AddReportOptions(CLI::App& command, ReportArguments& arguments);

/// Errors: a malformed pattern.
absl::StatusOr<agent::Selection> SelectionFrom(const std::vector<std::string>& patterns,
                                               const std::vector<std::string>& ignored, bool in_use);

/// A round of an agent of its own, with the progress on a terminal. Errors: see Agent::Check; malformed arguments.
absl::StatusOr<report::Round> RunRound(const NodeOptions& node, agent::CheckOptions options,
                                       const CallContext& context);
absl::StatusOr<report::Round> RunRound(const RoundArguments& arguments, const CallContext& context);

/// Prints the report and answers the exit code. `all`: a row for every tag.
int PrintReport(v1::NodeReport report, const ReportArguments& arguments, bool all);

/// Adds `tagdrift check`, which ends at `stop`; `exit_code` is set when it has run.
void AddCheckCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code);

}  // namespace tagdrift::cli
