#pragma once

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// Sets what a record of containerd's image store says of its name: target, media type, time. A pinned record pins
/// `image`. A target that is no digest is left out.
void TakeRecord(const ImageRecord& record, facts::CachedImage& image);

}  // namespace tagdrift::node
