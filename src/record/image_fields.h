#pragma once

#include "archive.h"
#include "tagdrift/facts/content.h"
#include "tagdrift/image/manifest.h"
#include "tagdrift/image/platform.h"

namespace tagdrift::record {

template <>
inline constexpr const char* kAlternative<image::Manifest> = "manifest";
template <>
inline constexpr const char* kAlternative<image::Index> = "index";
template <>
inline constexpr const char* kAlternative<facts::NotThere> = "not_there";
template <>
inline constexpr const char* kAlternative<image::Document> = "document";
template <>
inline constexpr const char* kAlternative<image::ImageConfig> = "config";

void Fields(auto& archive, Of<image::Platform> auto& platform) {
  archive("os", platform.os);
  archive("architecture", platform.architecture);
  archive("variant", platform.variant);
  archive("os_features", platform.os_features);
}

void Fields(auto& archive, Of<image::Descriptor> auto& descriptor) {
  archive("media_type", descriptor.media_type);
  archive("digest", descriptor.digest);
  archive("size", descriptor.size);
  archive("platform", descriptor.platform);
  archive("attestation", descriptor.attestation);
}

void Fields(auto& archive, Of<image::Manifest> auto& manifest) {
  archive("media_type", manifest.media_type);
  archive("config", manifest.config);
  archive("layers", manifest.layers);
}

void Fields(auto& archive, Of<image::Index> auto& index) {
  archive("media_type", index.media_type);
  archive("manifests", index.manifests);
}

void Fields(auto& archive, Of<image::ImageConfig> auto& config) {
  archive("platform", config.platform);
  archive("created", config.created);
  archive("diff_ids", config.diff_ids);
}

void Fields(auto& archive, Of<facts::NotThere> auto& missing) {
  archive("detail", missing.detail);
  archive("is_other", missing.is_other);
}

}  // namespace tagdrift::record
