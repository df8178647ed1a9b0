#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/v1/actions.pb.h"

namespace tagdrift::cli {

/// What `refresh`, `prepull` and `evict` say of what is wanted, and of how it is shown.
struct PlanArguments {
  judge::ActionKind action = judge::ActionKind::kRefresh;
  std::vector<std::string> references;
  std::string format = "table";
  std::string to;
  std::vector<std::string> protect;
  bool allow_older = false;
  bool allow_private = false;
  bool force = false;
  bool free = false;
  int disk_threshold = 85;
};

/// The command of `arguments.action`, which outlive it.
CLI::App& AddPlanCommand(CLI::App& app, PlanArguments& arguments);

/// One per reference, without `apply`. Errors: InvalidArgument naming the value.
absl::StatusOr<std::vector<agent::ActionRequest>> RequestsFrom(const PlanArguments& arguments);

/// Prints it, with its headline, and answers the exit code.
int PrintActions(v1::ActionReport report, const PlanArguments& arguments);

}  // namespace tagdrift::cli
