#include "comparison.h"

#include <utility>
#include <variant>

#include "tagdrift/image/platform_walk.h"

namespace tagdrift::judge {
namespace {

constexpr absl::Duration kClockTolerance = absl::Hours(24);

PlatformImageFinding NotFound(std::string why_not) {
  return {.image = std::nullopt, .pending = false, .why_not = std::move(why_not)};
}

/// The image that a finished walk from `top` found.
PlatformImageFinding FromWalk(FactLookup& lookup, const image::PlatformWalk& walk, const image::Digest& top,
                              const std::vector<std::size_t>& sources) {
  PlatformImage image{.top = top, .manifest = std::nullopt, .config = std::nullopt};
  image.is_index = walk.is_index();
  image.docker_types = walk.media_type() == image::kDockerManifest || walk.media_type() == image::kDockerManifestList;
  const image::PlatformManifest* found = walk.manifest();
  if (found != nullptr && !found->platform_checked) {
    const auto config = lookup.Config(found->manifest.config.digest, sources);
    if (config.pending) return {.image = std::nullopt, .pending = true, .why_not = ""};
    if (config && !found->Accepts(lookup.context().platform, config.value->platform)) found = nullptr;
  }
  if (found != nullptr) {
    image.manifest = found->digest;
    image.config = found->manifest.config.digest;
  }
  return {.image = image, .pending = false, .why_not = ""};
}

}  // namespace

PlatformImageFinding FindPlatformImage(FactLookup& lookup, const image::Digest& digest, const std::string& media_type,
                                       const std::vector<std::size_t>& sources) {
  image::PlatformWalk walk(lookup.context().platform, {.media_type = media_type, .digest = digest});
  while (const image::Descriptor* wanted = walk.Next()) {
    const Finding<image::Document> document = lookup.Document(wanted->digest, wanted->media_type, sources);
    if (!document) return {.image = std::nullopt, .pending = document.pending, .why_not = document.why_not};
    walk.Take(*document.value);
  }
  if (const auto* deep = std::get_if<image::NestedTooDeeply>(&walk.end())) {
    return NotFound("index " + deep->index.Short() + " is nested too deeply");
  }
  return FromWalk(lookup, walk, digest, sources);
}

bool Equivalent(const PlatformImage& a, const PlatformImage& b) {
  return (a.manifest && a.manifest == b.manifest) || (a.config && a.config == b.config);
}

CreatedFinding FindCreated(FactLookup& lookup, const PlatformImage& image, const std::vector<std::size_t>& sources) {
  if (!image.config) return {};
  const Finding<image::ImageConfig> config = lookup.Config(*image.config, sources);
  if (!config) return {.created = std::nullopt, .pending = config.pending};
  const std::optional<absl::Time> created = config.value->created;
  if (created && *created > lookup.context().now + kClockTolerance) return {};
  return {.created = created, .pending = false};
}

}  // namespace tagdrift::judge
