#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/content_reader.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The runtime's lists, read one after the other.
struct Snapshot {
  std::vector<CriImage> cri_images;
  std::optional<std::vector<ImageRecord>> records;  ///< nothing without containerd's image store
  std::vector<CriContainer> containers;
  std::vector<CriSandbox> sandboxes;
  std::vector<ContainerRecord> container_records = {};  ///< where the CRI does not tell what was asked for
};

/// Joins the lists to one entry per tag name, plus one per digest name that a container asked for. With records the
/// pairs of tag and target are exact. Without, a pair is taken only where an image id has exactly one digest name in
/// the tag's repository; otherwise `candidates` holds them all. A tag that only the CRI
/// knows has no target. Names that are no references, or not in the full form that the runtime looks up, are counted in
/// a note, never dropped silently. A digest name beside a tag of the same repository and digest is part of that tag and
/// not counted. Pure: reads no content; `stored` and `provenance` stay unset.
facts::Node Join(const Snapshot& snapshot);

/// How many of `node.other_digests` no tag of their repository points to: what `node.digest_names` is.
int CountDigestNames(const facts::Node& node);

/// Takes the snapshot and joins it. `version` is what Reach answered; a failing image store is recorded in
/// `Node::runtime`, not an error. Errors: the CRI could not be asked, or the context has ended.
absl::StatusOr<facts::Node> ReadNode(CriClient& cri, ContainerdClient& containerd, const CriVersion& version,
                                     bool with_containers, const CallContext& context);

/// Reads the containers and sandboxes of `node` again, as they are now. Errors: as ReadNode's; `node` is as it was
/// then.
absl::Status ReadContainersAgain(CriClient& cri, ContainerdClient& containerd, const CallContext& context,
                                 facts::Node& node);

/// Reads one name again: its record and what the CRI resolves it to now. `image.reference` says which; uses are kept.
/// Nothing: the name is gone. Errors: the CRI or the image store could not be asked.
absl::StatusOr<std::optional<facts::CachedImage>> ReadAgain(CriClient& cri, ContainerdClient* containerd,
                                                            const facts::CachedImage& image,
                                                            const CallContext& context);

}  // namespace tagdrift::node
