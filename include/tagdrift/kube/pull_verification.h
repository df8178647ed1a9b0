#pragma once

#include <string>

#include "tagdrift/facts/pull_verification.h"
#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::kube {

/// Whether and how the kubelet verifies pull credentials of images that are present, by its files below
/// /var/lib/kubelet: config.yaml and image_manager. Options of its command line and other places of its configuration
/// cannot be seen. `has_kubelet`: the node is known to have one, wherever its files are. `kubelet_version` ("v1.35.1")
/// may be empty. What cannot be read is unknown in the result.
facts::PullVerification ReadPullVerification(const hosts::FileTree& node_files, bool has_kubelet,
                                             const std::string& kubelet_version);

}  // namespace tagdrift::kube
