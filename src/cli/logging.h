#pragma once

namespace tagdrift::cli {

/// Logs go to standard error, which leaves standard output to the answer: warnings, with `verbose` what is done too.
void LogToStandardError(bool verbose);

}  // namespace tagdrift::cli
