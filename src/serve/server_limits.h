#pragma once

#include <grpcpp/grpcpp.h>

namespace tagdrift::serve {

/// Bounds what a connection of any server may take.
void SetLimits(grpc::ServerBuilder& builder);

}  // namespace tagdrift::serve
