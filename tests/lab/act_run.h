#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "check_run.h"

namespace tagdrift::lab {

/// What `tagdrift refresh|prepull|evict … -o json` said.
struct ActRun {
  int exit_code = -1;
  nlohmann::json report;  ///< null where the output was no JSON
  std::string err;

  /// The only result's plan, outcome, and the names of its refusals; empty, and a failed test, where there is none.
  nlohmann::json Plan() const;
  nlohmann::json Outcome() const;
  std::vector<std::string> Refusals() const;
  /// "ACTION_STATE_DONE".
  std::string State() const;

 private:
  nlohmann::json Result() const;
};

/// Runs the action; options may be among the arguments.
ActRun Act(Lab& lab, std::vector<std::string> arguments, RunOptions options = {});

/// All that the node has under names: each record's target and what the CRI lists.
std::string Names(Lab& lab);

}  // namespace tagdrift::lab
