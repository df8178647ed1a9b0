#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "tagdrift/facts/content.h"
#include "tagdrift/judge/tag_facts.h"

namespace tagdrift::agent {

/// Manifests and configs that registries delivered. What a digest names never changes, so each is fetched once in the
/// life of the process. Bounded by the memory that they take; the longest unused goes first. Thread safe.
class DeliveredCache {
 public:
  explicit DeliveredCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// What was delivered to `ask`, by any host.
  std::optional<facts::Content> Find(const judge::HostQuery& ask);
  void Put(const judge::HostQuery& ask, facts::Content content);

 private:
  struct Entry {
    facts::Content content;
    std::size_t bytes = 0;
    std::list<std::string>::iterator use;
  };

  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::list<std::string> uses_;  ///< latest first
  std::map<std::string, Entry> entries_;
};

}  // namespace tagdrift::agent
