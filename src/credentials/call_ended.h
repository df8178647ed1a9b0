#pragma once

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::credentials {

/// Why a call whose context has ended came back: Cancelled, also at its deadline. So what a source or a program answers
/// itself, which may be remembered and shared, is told from what says nothing about it.
absl::Status CallEnded(const CallContext& context);

}  // namespace tagdrift::credentials
