#pragma once

#include "absl/status/status.h"
#include "tagdrift/report/audit.h"

namespace tagdrift::cli {

enum class LogFormat {
  kText,  ///< "tagdrift: what happened"
  kJson,  ///< tagdrift.v1.LogRecord, one a line
};

/// From here on spdlog's default logger writes to standard error, which leaves standard output to the answer: errors
/// and warnings, with `verbose` what is done too. It never throws; what cannot be written is lost. To be called before
/// anything is logged, and again when the options are known.
void LogToStandardError(bool verbose, LogFormat format);

/// One line of the audit to standard error. Errors: it could not be written.
absl::Status WriteAudit(const report::AuditRecord& record, LogFormat format);

}  // namespace tagdrift::cli
