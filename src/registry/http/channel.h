#pragma once

#include <cstddef>
#include <memory>

#include "registry/http/rate_limiter.h"
#include "registry/http/transfer.h"
#include "registry/tls/tls_setup.h"

namespace tagdrift::registry {

/// How one endpoint is reached, and how gently. Lives while a worker serves it or requests for it wait for one; `tls`
/// is used by that worker's thread alone, the rest does not change.
struct Channel {
  TransferSettings settings;
  TlsSetup tls;
  std::shared_ptr<RateLimiter> limiter;
  std::size_t concurrency = 250;
};

}  // namespace tagdrift::registry
