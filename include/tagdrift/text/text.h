#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

/// Text as protocols and files write it: ASCII rules, whatever the locale.
namespace tagdrift::text {

/// ASCII letters in lower case, all else as it is.
std::string Lower(std::string_view text);

/// Without spaces, tabs, carriage returns and line feeds at both ends. A view into `text`.
std::string_view Trim(std::string_view text);

/// The message of `status` as a standard string; empty for OK.
std::string MessageOf(const absl::Status& status);

}  // namespace tagdrift::text
