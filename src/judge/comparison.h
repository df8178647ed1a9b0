#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fact_lookup.h"

namespace tagdrift::judge {

/// What a digest means on this node's platform.
struct PlatformImage {
  image::Digest top;
  std::optional<image::Digest> manifest;  ///< nothing: an index without this platform
  std::optional<image::Digest> config;
  bool is_index = false;
  bool docker_types = false;  ///< Docker's media types rather than OCI's
};

/// A PlatformImage, or why there is none.
struct PlatformImageFinding {
  std::optional<PlatformImage> image;
  bool pending = false;
  std::string why_not;
};

/// Follows `digest` to this platform's manifest and config, reading documents from the content store, else from
/// `sources`.
PlatformImageFinding FindPlatformImage(FactLookup& lookup, const image::Digest& digest, const std::string& media_type,
                                       const std::vector<std::size_t>& sources);

/// True when both lead to the same manifest or the same config on this platform.
bool Equivalent(const PlatformImage& a, const PlatformImage& b);

/// Build time in the image's config, where it says something sensible. `pending` in the finding while it is not known.
struct CreatedFinding {
  std::optional<absl::Time> created;
  bool pending = false;
};
CreatedFinding FindCreated(FactLookup& lookup, const PlatformImage& image, const std::vector<std::size_t>& sources);

}  // namespace tagdrift::judge
