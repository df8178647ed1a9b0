#include "tagdrift/node/content_cache.h"

namespace tagdrift::node {
namespace {

/// What a node of a map or list takes beside its value, about.
constexpr std::size_t kNode = 64;

}  // namespace

std::optional<facts::Content> ContentCache::Find(const image::Digest& digest, Kind kind) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({digest, kind});
  if (found == entries_.end()) return std::nullopt;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.content;
}

void ContentCache::Put(const image::Digest& digest, Kind kind, facts::Content content) {
  Key key(digest, kind);
  const std::size_t bytes =
      facts::ApproximateBytes(content) + 2 * (sizeof(Key) + digest.text().size() + kNode) + sizeof(Entry);
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
