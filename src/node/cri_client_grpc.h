#pragma once

#include <chrono>
#include <memory>

#include "connection.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The CRI over `connection`; each call takes at most `limit`.
std::unique_ptr<CriClient> MakeCriClient(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit);

}  // namespace tagdrift::node
