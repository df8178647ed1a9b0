#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "execution.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::agent {

/// Pulls `execution.digest_name()` through the CRI with what the delivering host wants to see, telling progress.
/// Errors: the runtime's own; Cancelled, DeadlineExceeded when the context ends.
absl::Status PullDigest(const Execution& execution);

/// The record that the tag may be pointed to: its digest, size and kind of document are those of the verified content.
/// A pull that failed before can leave a record with the same name and a wrong media type; such a one is never given.
/// Errors: NotFound (no such record and the content is not here).
absl::StatusOr<node::ImageRecord> SoundRecord(const Execution& execution, const CallContext& context);

}  // namespace tagdrift::agent
