#pragma once

#include <memory>

#include "tagdrift/call/clock.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Hands each text to `warn` once a day, and at most a hundred different ones a day.
Warn Daily(Warn warn, std::shared_ptr<const Clock> clock);

}  // namespace tagdrift::credentials
