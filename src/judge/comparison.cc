#include "comparison.h"

#include <variant>

namespace tagdrift::judge {
namespace {

constexpr absl::Duration kClockTolerance = absl::Hours(24);

PlatformImage FromManifest(const image::Digest& top, const image::Digest& digest, const image::Manifest& manifest) {
  PlatformImage image{.top = top, .manifest = digest, .config = manifest.config.digest};
  image.docker_types = manifest.media_type == image::kDockerManifest;
  return image;
}

}  // namespace

PlatformImageFinding FindPlatformImage(Inquiry& inquiry, const image::Digest& digest, const std::string& media_type,
                                       const std::vector<std::size_t>& sources) {
  const Finding<image::Document> top = inquiry.Document(digest, media_type, sources);
  if (!top) return {.image = std::nullopt, .pending = top.pending, .why_not = top.why_not};
  if (const auto* manifest = std::get_if<image::Manifest>(top.value)) {
    return {.image = FromManifest(digest, digest, *manifest), .pending = false, .why_not = ""};
  }

  const auto& index = std::get<image::Index>(*top.value);
  const bool docker_types = index.media_type == image::kDockerManifestList;
  const image::Descriptor* entry = image::SelectManifest(index, inquiry.context().platform);
  if (entry == nullptr) {
    PlatformImage none{.top = digest, .manifest = std::nullopt, .config = std::nullopt};
    none.is_index = true;
    none.docker_types = docker_types;
    return {.image = none, .pending = false, .why_not = ""};
  }
  const Finding<image::Document> child = inquiry.Document(entry->digest, entry->media_type, sources);
  if (!child) return {.image = std::nullopt, .pending = child.pending, .why_not = child.why_not};
  const auto* manifest = std::get_if<image::Manifest>(child.value);
  if (manifest == nullptr) return {.image = std::nullopt, .pending = false, .why_not = "an index within an index"};
  PlatformImage image = FromManifest(digest, entry->digest, *manifest);
  image.is_index = true;
  image.docker_types = docker_types;
  return {.image = image, .pending = false, .why_not = ""};
}

bool Equivalent(const PlatformImage& a, const PlatformImage& b) {
  return (a.manifest && a.manifest == b.manifest) || (a.config && a.config == b.config);
}

CreatedFinding FindCreated(Inquiry& inquiry, const PlatformImage& image, const std::vector<std::size_t>& sources) {
  if (!image.config) return {};
  const Finding<image::ImageConfig> config = inquiry.Config(*image.config, sources);
  if (!config) return {.created = std::nullopt, .pending = config.pending};
  const std::optional<absl::Time> created = config.value->created;
  if (created && *created > inquiry.context().now + kClockTolerance) return {};
  return {.created = created, .pending = false};
}

}  // namespace tagdrift::judge
