#pragma once

#include "tagdrift/call/call_context.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::agent {

/// The file system that the runtime keeps images on, as far as it can be reached below the tree's root.
judge::Disk ReadDisk(node::CriClient& cri, const hosts::FileTree& tree, const CallContext& context);

}  // namespace tagdrift::agent
