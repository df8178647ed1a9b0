#pragma once

#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The runtime's lists, read one after the other.
struct Snapshot {
  std::vector<CriImage> cri_images;
  std::optional<std::vector<ImageRecord>> records;  ///< nothing without containerd's image store
  std::vector<CriContainer> containers;
  std::vector<CriSandbox> sandboxes;
};

/// Reads content of the node's content store while an inventory is made; each digest is read at most once, unless the
/// store could not be asked. Thread safe.
class ContentReader {
 public:
  /// `client` may be null (no content store): then everything is unknown.
  explicit ContentReader(ContainerdClient* client) : client_(client) {}

  bool available() const { return client_ != nullptr; }

  /// A manifest or index, taken for what `media_type` says (empty: for what it says itself). NotThere where it is
  /// missing or is none of these. Errors: the store could not be asked.
  absl::StatusOr<facts::Content> Document(const image::Digest& digest, const std::string& media_type);
  /// An image config; otherwise as Document.
  absl::StatusOr<facts::Content> Config(const image::Digest& digest);
  /// Labels of the blob; nothing where it is missing.
  absl::StatusOr<std::optional<std::map<std::string, std::string>>> Labels(const image::Digest& digest);

 private:
  using Reading = std::shared_future<absl::StatusOr<facts::Content>>;

  ContainerdClient* client_;
  std::mutex mutex_;
  std::map<image::Digest, Reading> documents_;
  std::map<image::Digest, Reading> configs_;
};

/// Joins the lists to one entry per tag name, plus one per digest name that a container asked for. With records the
/// pairs of tag and target are exact. Without, a pair is taken only where an image id has exactly one digest name in
/// the tag's repository; otherwise `candidates` holds them all. A tag that only the CRI
/// knows has no target. Names that are no references, or not in the full form that the runtime looks up, are counted in
/// a note, never dropped silently. A digest name beside a tag of the same repository and digest is part of that tag and
/// not counted. Pure: reads no content; `stored` and `provenance` stay unset.
facts::Node Join(const Snapshot& snapshot);

/// Fills `stored`, `provenance` and `sources` of `image` from the content store.
/// Errors: the store could not be asked.
absl::Status ReadContent(ContentReader& content, const image::Platform& platform, facts::CachedImage& image);

/// ReadContent for all of `images`, several at a time.
/// Errors: the store could not be asked; nothing is said about the images then.
absl::Status ReadContents(ContentReader& content, const image::Platform& platform,
                          std::vector<facts::CachedImage>& images);

/// Takes the snapshot and joins it. `runtime` is filled from Version; a failing image store is recorded in it, not an
/// error. Errors: the CRI could not be asked.
absl::StatusOr<facts::Node> ReadNode(CriClient& cri, ContainerdClient& containerd, bool with_containers);

/// Reads one name again: its record and what the CRI resolves it to now. `image.reference` says which; uses are kept.
/// Nothing: the name is gone.
absl::StatusOr<std::optional<facts::CachedImage>> ReadAgain(CriClient& cri, ContainerdClient* containerd,
                                                            const facts::CachedImage& image);

}  // namespace tagdrift::node
