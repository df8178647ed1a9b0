#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "registry/http/http_message.h"

namespace tagdrift::registry {

/// Counts what came of one request that was sent to `host`. At most 128 hosts and twelve codes of each are named.
void CountOutcome(const std::string& host, const HttpResponse& response,
                  std::map<std::string, std::map<std::string, std::uint64_t>>& outcomes);

}  // namespace tagdrift::registry
