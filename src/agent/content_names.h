#pragma once

#include "absl/status/status.h"
#include "execution.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::agent {

/// Gives the content of `record` the names that the CRI's pull by digest would: "repository@digest", without which the
/// CRI names no digest for the image, and the image id, by which the kubelet's garbage collection finds it. One that a
/// failed pull has left with another media type or size is put right. The content is complete and leased. Errors:
/// containerd's own.
absl::Status NameContent(const Execution& execution, const node::ImageRecord& record);

}  // namespace tagdrift::agent
