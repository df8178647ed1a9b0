#include "tagdrift/node/content_cache.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tagdrift::node {
namespace {

/// About what a value takes in memory; a node of a map or list counts as this much beside its value.
constexpr std::size_t kNode = 64;

std::size_t BytesOf(const std::string& text) { return text.capacity(); }

std::size_t BytesOf(const image::Platform& platform) {
  std::size_t bytes = BytesOf(platform.os) + BytesOf(platform.architecture) + BytesOf(platform.variant);
  for (const std::string& feature : platform.os_features) bytes += sizeof(feature) + BytesOf(feature);
  return bytes;
}

std::size_t BytesOf(const image::Descriptor& descriptor) {
  std::size_t bytes = sizeof(descriptor) + BytesOf(descriptor.media_type) + BytesOf(descriptor.digest.text());
  if (descriptor.platform) bytes += BytesOf(*descriptor.platform);
  for (const auto& [key, value] : descriptor.annotations) {
    bytes += kNode + 2 * sizeof(std::string) + BytesOf(key) + BytesOf(value);
  }
  return bytes;
}

std::size_t BytesOf(const std::vector<image::Descriptor>& descriptors) {
  std::size_t bytes = 0;
  for (const image::Descriptor& descriptor : descriptors) bytes += BytesOf(descriptor);
  return bytes;
}

std::size_t BytesOf(const image::Manifest& manifest) {
  return BytesOf(manifest.media_type) + BytesOf(manifest.config) + BytesOf(manifest.layers);
}

std::size_t BytesOf(const image::Index& index) { return BytesOf(index.media_type) + BytesOf(index.manifests); }

std::size_t BytesOf(const image::Document& document) {
  return std::visit([](const auto& value) { return BytesOf(value); }, document);
}

std::size_t BytesOf(const image::ImageConfig& config) {
  std::size_t bytes = BytesOf(config.platform);
  for (const image::Digest& digest : config.diff_ids) bytes += sizeof(digest) + BytesOf(digest.text());
  return bytes;
}

std::size_t BytesOf(const facts::NotThere& missing) { return BytesOf(missing.detail); }

std::size_t BytesOf(const facts::Content& content) {
  return sizeof(content) + std::visit([](const auto& value) { return BytesOf(value); }, content);
}

}  // namespace

facts::SharedContent ContentCache::Find(const image::Digest& digest, Kind kind) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({digest, kind});
  if (found == entries_.end()) return nullptr;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.content;
}

void ContentCache::Put(const image::Digest& digest, Kind kind, facts::SharedContent content) {
  Key key(digest, kind);
  const std::size_t bytes = BytesOf(*content) + 2 * (sizeof(Key) + digest.text().size() + kNode) + sizeof(Entry);
  const std::lock_guard lock(mutex_);
  if (bytes > most_bytes_ || entries_.contains(key)) return;
  while (bytes_ + bytes > most_bytes_) {
    const auto oldest = entries_.find(uses_.back());
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
    uses_.pop_back();
  }
  uses_.push_front(key);
  entries_.emplace(std::move(key), Entry{std::move(content), bytes, uses_.begin()});
  bytes_ += bytes;
}

std::size_t ContentCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace tagdrift::node
