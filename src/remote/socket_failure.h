#pragma once

#include <string>

#include "absl/status/status.h"

namespace tagdrift::remote {

/// Why there is no agent at the unix socket `path`: connects once and hangs up. OK: somebody listens.
absl::Status SocketFailure(const std::string& path);

}  // namespace tagdrift::remote
