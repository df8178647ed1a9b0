#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "registry/http/http_message.h"

namespace tagdrift::registry {

/// Reads a Retry-After header (whole seconds or an HTTP date) received at `now`; at least a second and at most an hour
/// ahead. Nothing for a date in the past or anything else.
std::optional<absl::Time> ParseRetryAfter(std::string_view text, absl::Time now);

/// When it is worth asking again, by the response's own word, its header, or neither.
std::optional<absl::Time> RetryAt(const HttpResponse& response);

}  // namespace tagdrift::registry
