#pragma once

#include <map>
#include <string>
#include <vector>

#include "tagdrift/facts/node_facts.h"

namespace tagdrift::node {

/// The node's names by KeyOf.
using ImagesByKey = std::map<std::string, facts::CachedImage>;
/// The users of each name that has any, by KeyOf; sorted by pod and container.
using UsesByKey = std::map<std::string, std::vector<facts::ContainerUse>>;

/// Which of the node's names each container uses: the name that it asked for; where that is not known, every tag with
/// the container's image id. A container whose asked name is not in the store uses none of them. Pure.
UsesByKey DeriveUses(const std::vector<facts::Container>& containers, const ImagesByKey& tags,
                     const ImagesByKey& digests);

}  // namespace tagdrift::node
