#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::agent {

/// A host's answer to a question about content, with what the content is.
struct ContentAnswer {
  hosts::Answer answer;
  std::optional<facts::Content> content;  ///< of a delivery that has the right digest
};

/// Answers about content by digest serve every tag of a repository: each is asked for once per round.
class SharedAnswers {
 public:
  struct Waiter {
    std::size_t tag;
    judge::HostQuery ask;
  };

  /// Null while unknown.
  const ContentAnswer* Find(const std::string& key) const;
  /// True if nobody is waiting yet: the caller has to ask.
  bool Wait(const std::string& key, Waiter waiter);
  /// Records the answer and returns those who wait for it.
  std::vector<Waiter> Put(const std::string& key, ContentAnswer answer);

 private:
  struct Entry {
    std::optional<ContentAnswer> answer;
    std::vector<Waiter> waiters;
  };
  std::map<std::string, Entry> entries_;
};

/// What a reply to a question about content brought: the document or config if its bytes have the digest asked for.
ContentAnswer ReadContentReply(const judge::HostQuery& ask, registry::Reply reply);

}  // namespace tagdrift::agent
