#pragma once

#include <vector>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The runtime's containers as facts. A container whose labels do not name its pod is of its sandbox's.
std::vector<facts::Container> ContainersOf(const std::vector<CriContainer>& containers,
                                           const std::vector<CriSandbox>& sandboxes,
                                           const std::vector<ContainerRecord>& records);
std::vector<facts::Sandbox> SandboxesOf(const std::vector<CriSandbox>& sandboxes);

}  // namespace tagdrift::node
