#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/content.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::agent {

/// A document or config that the node does not have, verified against its digest, with its size.
struct Fetched {
  facts::Content content;
  std::int64_t size = 0;
};
/// Brings one from elsewhere. Nothing: it could not be had.
using FetchContent =
    std::function<std::optional<Fetched>(const image::Digest&, const std::string& media_type, bool is_config)>;

/// Follows `digest` to the image for this node and tells which of its blobs the node lacks. A layer that has no blob
/// counts as here when a snapshotter has the committed snapshot of its chain id (containerd keeps no blobs under
/// discard_unpacked_layers, lazy snapshotters never fetch them). Content is read afresh; what is not here comes from
/// `fetch`, where there is one. Errors: the node's stores could not be asked.
absl::StatusOr<judge::WantedImage> FindWantedImage(node::RuntimeClients& runtime, const image::Platform& platform,
                                                   const image::Digest& digest, const FetchContent& fetch,
                                                   const CallContext& context);

/// FindWantedImage with what the node has: empty where the image is complete, else what is missing.
absl::StatusOr<std::string> MissingHere(node::RuntimeClients& runtime, const image::Platform& platform,
                                        const image::Digest& digest, const CallContext& context);

}  // namespace tagdrift::agent
