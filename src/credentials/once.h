#pragma once

#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Says each text once; what comes after the first hundred is not said.
Warn Once(Warn warn);

}  // namespace tagdrift::credentials
