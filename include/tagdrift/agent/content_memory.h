#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/judge/tag_facts.h"

namespace tagdrift::agent {

/// Manifests and configs that registries delivered. What a digest names never changes, so each is fetched once in the
/// life of the process. Bounded by the bytes they had; the longest unused goes first. One thread.
class ContentMemory {
 public:
  explicit ContentMemory(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// What was delivered to `ask` (of any host); null when it is not here.
  const facts::Content* Find(const judge::HostQuery& ask);
  void Put(const judge::HostQuery& ask, facts::Content content, std::size_t bytes);

 private:
  struct Entry {
    facts::Content content;
    std::size_t bytes = 0;
    std::list<std::string>::iterator use;
  };

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::list<std::string> uses_;  ///< latest first
  std::map<std::string, Entry> entries_;
};

}  // namespace tagdrift::agent
