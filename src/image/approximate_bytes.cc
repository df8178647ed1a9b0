#include <string>

#include "tagdrift/image/manifest.h"

namespace tagdrift::image {
namespace {

/// What a text takes beside its own object.
std::size_t HeapOf(const std::string& text) { return text.capacity() < sizeof(std::string) / 2 ? 0 : text.capacity(); }

std::size_t HeapOf(const Platform& platform) {
  std::size_t bytes = HeapOf(platform.os) + HeapOf(platform.architecture) + HeapOf(platform.variant);
  for (const std::string& feature : platform.os_features) bytes += sizeof(feature) + HeapOf(feature);
  return bytes;
}

std::size_t HeapOf(const Descriptor& descriptor) {
  return HeapOf(descriptor.media_type) + HeapOf(descriptor.digest.text()) +
         (descriptor.platform ? HeapOf(*descriptor.platform) : 0);
}

std::size_t HeapOf(const Digest& digest) { return HeapOf(digest.text()); }

template <class T>
std::size_t HeapOf(const SharedList<T>& list) {
  std::size_t bytes = 0;
  for (const T& item : list) bytes += sizeof(T) + HeapOf(item);
  return bytes;
}

}  // namespace

std::size_t ApproximateBytes(const Document& document) {
  std::size_t bytes = sizeof(Document);
  if (const auto* manifest = std::get_if<Manifest>(&document)) {
    bytes += HeapOf(manifest->media_type) + HeapOf(manifest->config) + HeapOf(manifest->layers);
  } else {
    const auto& index = std::get<Index>(document);
    bytes += HeapOf(index.media_type) + HeapOf(index.manifests);
  }
  return bytes;
}

std::size_t ApproximateBytes(const ImageConfig& config) {
  return sizeof(ImageConfig) + HeapOf(config.platform) + HeapOf(config.diff_ids);
}

}  // namespace tagdrift::image
