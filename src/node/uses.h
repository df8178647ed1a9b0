#pragma once

#include <map>
#include <string>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::node {

/// The node's names by KeyOf.
using ImagesByKey = std::map<std::string, facts::CachedImage>;

/// Fills `used_by` of the names that the snapshot's containers asked for. Where the asked name is not known, every tag
/// with the container's image id gets the use. A container whose asked name is not in the store uses none of them.
void AssignUses(const Snapshot& snapshot, ImagesByKey& tags, ImagesByKey& digests);

}  // namespace tagdrift::node
