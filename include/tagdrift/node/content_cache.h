#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "tagdrift/facts/content.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::node {

/// Parsed content of the node's content store, kept across rounds: what a digest names never changes, only whether it
/// is there. Bounded by the memory that the values take; the longest unused goes first. Thread safe.
class ContentCache {
 public:
  /// The same bytes read as another kind are another value.
  enum class Kind { kDocument, kConfig };

  explicit ContentCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Nothing where it is not kept.
  std::optional<facts::Content> Find(const image::Digest& digest, Kind kind);
  /// Also for content that proved to be neither ("NotThere" with its reason), but not for what is missing.
  void Put(const image::Digest& digest, Kind kind, facts::Content content);

  std::size_t bytes() const;

 private:
  using Key = std::pair<image::Digest, Kind>;
  struct Entry {
    facts::Content content;
    std::size_t bytes = 0;
    std::list<Key>::iterator use;
  };

  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::list<Key> uses_;  ///< latest first
  std::map<Key, Entry> entries_;
};

}  // namespace tagdrift::node
