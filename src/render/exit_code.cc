#include "tagdrift/render/exit_code.h"

namespace tagdrift::render {

int ExitCode(const v1::NodeReport& report, const FailOn& fail_on) {
  const v1::Summary& summary = report.summary();
  const bool drift = (fail_on.stale && summary.stale() > 0) || (fail_on.gone && summary.gone() > 0) ||
                     (fail_on.risk && summary.downgrade_risk() > 0);
  if (drift) return kExitDrift;
  return fail_on.undecided && summary.undecided() > 0 ? kExitUndecided : 0;
}

std::string NpdLine(const v1::NodeReport& report) {
  std::string line = report.summary().headline();
  if (line.size() > 80) line.resize(80);
  return line + "\n";
}

}  // namespace tagdrift::render
