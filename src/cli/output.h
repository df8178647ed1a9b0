#pragma once

#include <unistd.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tagdrift::cli {

/// Opens /dev/null in place of a closed standard stream, so that no socket gets its number: standard error for reading,
/// so that writing to it fails as before. Call first in main. True if standard output is open.
bool SecureStandardStreams();

/// Writes all of `text` to standard output, or another open file. Errors: what the system says.
absl::Status WriteOut(const std::string& text, int file = STDOUT_FILENO);

/// Writes all of `text` to standard error, waiting a few seconds at most for somebody who reads it. Never throws, and
/// nothing else writes there. Errors: what the system says, or that nobody reads.
absl::Status WriteError(std::string_view text);

/// Logs `message` as an error.
void PrintError(const std::string& message);

/// Writes `text` to standard output, and names the exit code: 0, or that of the failure, which is logged.
int Print(const std::string& text);

/// Prints, and names the exit code: 64 for what the operator wrote wrongly, else 2.
int ExitCodeOf(const absl::Status& failure, int signal);

}  // namespace tagdrift::cli
