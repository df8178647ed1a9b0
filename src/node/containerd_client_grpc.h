#pragma once

#include <chrono>
#include <memory>

#include "connection.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// containerd's own services over `connection`; each call takes at most `limit`.
std::unique_ptr<ContainerdClient> MakeContainerdClient(std::shared_ptr<Connection> connection,
                                                       std::chrono::nanoseconds limit);

}  // namespace tagdrift::node
