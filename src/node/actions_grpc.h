#pragma once

#include <chrono>
#include <memory>

#include "connection.h"
#include "tagdrift/node/containerd_actions.h"
#include "tagdrift/node/cri_actions.h"

namespace tagdrift::node {

/// Over `connection`; each call takes at most `limit`, but a pull what its context gives.
std::unique_ptr<ContainerdActions> MakeContainerdActions(std::shared_ptr<Connection> connection,
                                                         std::chrono::nanoseconds limit);
std::unique_ptr<CriActions> MakeCriActions(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit);

}  // namespace tagdrift::node
