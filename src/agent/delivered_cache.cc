#include "delivered_cache.h"

#include <utility>

namespace tagdrift::agent {
namespace {

/// The same bytes read as another kind of document are another thing.
std::string KeyOf(const judge::HostQuery& ask) {
  return ask.digest->text() + (ask.kind == judge::QueryKind::kConfig ? " config" : " " + ask.media_type);
}

}  // namespace

std::optional<facts::Content> DeliveredCache::Find(const judge::HostQuery& ask) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(KeyOf(ask));
  if (found == entries_.end()) return std::nullopt;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.content;
}

void DeliveredCache::Put(const judge::HostQuery& ask, facts::Content content) {
  std::string key = KeyOf(ask);
  const std::size_t bytes = facts::ApproximateBytes(content) + 2 * key.size() + sizeof(Entry);
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

}  // namespace tagdrift::agent
