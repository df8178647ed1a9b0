#pragma once

#include <cstdint>
#include <string>

#include "tagdrift/image/digest.h"
#include "tagdrift/image/platform.h"

namespace tagdrift::agent {

/// The platform of this machine.
image::Platform SamplePlatform();

/// An image of one layer for this machine, as the bytes of its blobs.
struct SampleImage {
  /// `text` makes the content differ. The layer only claims to be of `layer_bytes`.
  explicit SampleImage(const std::string& text, int created_year = 2024, std::int64_t layer_bytes = 10);

  image::Digest digest() const { return image::Digest::OfBytes(manifest); }
  image::Digest config_digest() const { return image::Digest::OfBytes(config); }
  image::Digest layer_digest() const { return image::Digest::OfBytes(layer); }
  std::string id() const { return config_digest().text(); }

  std::string layer;
  std::string config;
  std::string manifest;
};

}  // namespace tagdrift::agent
