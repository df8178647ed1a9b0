#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "registry/http/http_message.h"

namespace tagdrift::registry {

/// What a registry says of its own limit (`RateLimit-*` headers, as Docker Hub and GitLab send them).
struct RateLimit {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<std::chrono::seconds> window;  ///< the limit is per this time
  std::optional<std::chrono::seconds> reset;   ///< until it starts anew
  /// Docker Hub's limiter: only a GET of a manifest counts, a HEAD does not.
  bool counts_gets_only = false;

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// Reads "100;w=21600" and "100, 100;w=60" (the first item counts); what is no number is ignored. Nothing when the
/// response has none of these headers in a readable form.
std::optional<RateLimit> ReadRateLimit(const HttpResponse& response);

}  // namespace tagdrift::registry
