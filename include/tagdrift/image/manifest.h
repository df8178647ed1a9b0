#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/image/shared_list.h"

namespace tagdrift::image {

inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";

/// True for the two manifest and the two index media types.
bool IsManifestOrIndex(std::string_view media_type);
bool IsIndex(std::string_view media_type);

/// Names a blob: what it is, its digest, its size in bytes. Of a document's descriptors only this is kept: no
/// annotations, URLs or inline data.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::int64_t size = 0;
  std::optional<Platform> platform;
  bool attestation = false;  ///< annotated as one (vnd.docker.reference.type): never an image

  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

/// One platform's image: its config and its layers.
struct Manifest {
  std::string media_type;
  Descriptor config;
  SharedList<Descriptor> layers;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Several platforms' images under one digest.
struct Index {
  std::string media_type;
  SharedList<Descriptor> manifests;

  friend bool operator==(const Index&, const Index&) = default;
};

using Document = std::variant<Manifest, Index>;

/// What tagdrift needs of an image config blob.
struct ImageConfig {
  Platform platform;
  /// Nothing where the image says nothing sensible: absent, at or before 1980-01-02 (reproducible builds), Go's zero
  /// time.
  std::optional<absl::Time> created;
  /// rootfs.diff_ids: the unpacked layers, lowest first. Empty where the config does not name them as digests.
  SharedList<Digest> diff_ids = {};

  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

/// Parses a manifest or an index. `media_type` is what the server or the descriptor said and may be empty; the
/// document's own `mediaType` and shape decide otherwise. Errors: InvalidArgument for anything that is neither, is both
/// (`manifests` beside `config`/`layers`), contradicts `media_type`, or nests deeper than JSON documents of this kind
/// do.
absl::StatusOr<Document> ParseDocument(std::string_view bytes, std::string_view media_type);

/// Errors: InvalidArgument for anything that is not a JSON object. An artifact's config (no os) parses to an empty
/// platform.
absl::StatusOr<ImageConfig> ParseImageConfig(std::string_view bytes);

/// The names under which a snapshotter keeps the unpacked layers: each stands for its layer on top of those below
/// (image-spec, ChainID).
std::vector<Digest> ChainIds(const SharedList<Digest>& diff_ids);

/// The entry of `index` that containerd on `node` uses: entries whose platform matches, best rank first and otherwise
/// in document order, entries without a platform last; attestations (`unknown/unknown`, vnd.docker.reference.type)
/// never. Nothing: the index has no image for this node.
const Descriptor* SelectManifest(const Index& index, const Platform& node);

/// About how many bytes of memory the parsed content takes, shared lists included.
std::size_t ApproximateBytes(const Document& document);
std::size_t ApproximateBytes(const ImageConfig& config);

}  // namespace tagdrift::image
