#pragma once

#include <memory>

#include "connection.h"
#include "tagdrift/node/node_changes.h"

namespace tagdrift::node {

std::unique_ptr<NodeChanges> MakeNodeChanges(std::shared_ptr<Connection> connection);

}  // namespace tagdrift::node
