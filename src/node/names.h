#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tagdrift/image/reference.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// What a name in an image store is.
enum class NameKind {
  kTag,        ///< "docker.io/library/nginx:1"
  kDigest,     ///< "docker.io/library/nginx@sha256:...", with or without a tag before the digest
  kImageId,    ///< "sha256:..."
  kShort,      ///< a reference, but not in the full form in which the runtime looks names up ("nginx:1")
  kMalformed,  ///< no reference
};

struct Name {
  NameKind kind = NameKind::kMalformed;
  std::optional<image::Reference> reference;  ///< but for kImageId and kMalformed
};

Name ReadName(const std::string& text);

/// Equal for names that the runtime resolves alike: a tag beside a digest does not count.
std::string KeyOf(const image::Reference& reference);

/// True for "sha256:..." and for 64 hex digits: an id, which no reference can be.
bool IsImageId(std::string_view text);

/// `id` without "sha256:", so that ids of all runtimes compare.
std::string_view BareId(std::string_view id);

/// Target of `reference`, which is a name of `image`, as far as the CRI's unpaired lists allow: the digest in the name;
/// else the only digest name in its repository; else nothing, and `candidates` are all digests in its repository or,
/// without any, of the image.
struct Pairing {
  std::optional<image::Digest> target;
  std::vector<image::Digest> candidates;
};
Pairing PairByLists(const CriImage& image, const image::Reference& reference);

}  // namespace tagdrift::node
