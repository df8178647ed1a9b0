#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>

#include "serve/node_cache_service.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::serve {

/// The steady time at which the caller stops to wait, `limit` from now at the latest.
SteadyTime DeadlineOf(const grpc::ServerContextBase& context, SteadyTime now, std::chrono::nanoseconds limit);

/// A unary call whose `work` blocks: runs it on a worker's thread, until the caller or the limit ends it. Ends at once
/// with `status` where that is not OK, or with RESOURCE_EXHAUSTED where no worker is free for `caller`, too many
/// answers have not been taken, or `caller` has its share of either, which counts as a refusal.
grpc::ServerUnaryReactor* RunCall(NodeCacheContext& shared, grpc::CallbackServerContext& context, const Caller& caller,
                                  grpc::Status status, std::chrono::nanoseconds limit,
                                  std::function<grpc::Status(const CallContext& bounds)> work);

}  // namespace tagdrift::serve
