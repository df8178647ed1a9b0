#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tagdrift::hosts {

/// `text` as Go's %q prints it: in double quotes, with escapes for quotes, backslashes and what cannot be printed.
std::string GoQuoted(std::string_view text);

/// Reads "1m30s", "1.5h", "-250ms", "0" as Go's time.ParseDuration does.
/// Errors: InvalidArgument with Go's words ("time: missing unit in duration \"5\"").
absl::StatusOr<absl::Duration> ParseGoDuration(std::string_view text);

}  // namespace tagdrift::hosts
