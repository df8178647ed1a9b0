#pragma once

#include <chrono>

#include "tagdrift/call/call_context.h"

namespace tagdrift::node {

/// A context whose deadline is `limit` from now.
inline CallContext EndingIn(std::chrono::nanoseconds limit) {
  return {.deadline = std::chrono::steady_clock::now() + limit};
}

}  // namespace tagdrift::node
