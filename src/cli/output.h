#pragma once

#include <string>

#include "absl/status/status.h"

namespace tagdrift::cli {

/// Opens /dev/null in place of a closed standard stream, so that no socket gets its number. Call first in main.
/// True if standard output is open.
bool SecureStandardStreams();

/// Writes all of `text` to standard output. Errors: what the system says.
absl::Status WriteOut(const std::string& text);

/// One line "tagdrift: message" on standard error.
void PrintError(const std::string& message);

/// Prints, and names the exit code: 64 for what the operator wrote wrongly, else 2.
int ExitCodeOf(const absl::Status& failure, int signal);

}  // namespace tagdrift::cli
