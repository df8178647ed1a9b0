#pragma once

#include <grpcpp/grpcpp.h>

#include "serve/caller.h"
#include "serve/refusal.h"

namespace tagdrift::serve {

/// Bounds what a connection of any server may take, and how many streams of gRPC's reflection are open at a server:
/// each takes one of its few threads. One too many ends with RESOURCE_EXHAUSTED and is told of; gRPC has no way to add
/// google.rpc details there. `entrance` outlives the server.
void SetLimits(grpc::ServerBuilder& builder, const Entrance& entrance, OnRefusal refused);

}  // namespace tagdrift::serve
