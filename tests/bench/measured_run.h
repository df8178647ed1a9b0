#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace tagdrift::bench {

/// One run of a program, from exec to its end.
struct MeasuredRun {
  int exit_code = -1;
  std::string out;  ///< standard output
  std::chrono::microseconds wall{0};
  std::chrono::microseconds cpu{0};  ///< user and system
};

/// Runs `command` with `environment` on top of this program's; its standard error goes where this program's goes.
MeasuredRun Measure(const std::vector<std::string>& command,
                    const std::map<std::string, std::string>& environment = {});

}  // namespace tagdrift::bench
