#pragma once

#include <string>
#include <string_view>

#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::render {

/// What makes `check` fail (`--fail-on`).
struct FailOn {
  bool stale = true;
  bool gone = true;
  bool risk = false;
  bool undecided = true;
};

inline constexpr int kExitDrift = 1;
inline constexpr int kExitUndecided = 2;
inline constexpr int kExitUsage = 64;

/// 1 for a tag or a container that is stale or gone (or at risk, if asked for), else 2 for one that is undecided, else
/// 0.
int ExitCode(const v1::NodeReport& report, const FailOn& fail_on);

/// 1 where a finding means that mirrors are silently not used or that every pull fails, else 2 where something could
/// not be read, else 0.
int ExitCode(const v1::MirrorsReport& report);

/// 1 where an action was refused, else 2 where one could not be done, else 0.
int ExitCode(const v1::ActionReport& report);

/// The headline in at most 80 bytes, for node-problem-detector's custom plugins.
std::string NpdLine(const v1::NodeReport& report);
/// Why there is no report, for the same reader.
std::string NpdLine(std::string_view why);

}  // namespace tagdrift::render
