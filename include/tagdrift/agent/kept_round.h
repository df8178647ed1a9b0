#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// A round as it is kept, for later rounds to go by and for views: in a third of the memory, since what follows from
/// the rest is left out. That is what was judged of the tags, and of the node's images those that a tag's facts have
/// too.
class KeptRound {
 public:
  struct Tag {
    judge::TagFacts facts;
    absl::Time asked_at;
  };

  /// `round` neither explains a subject nor looked for what plans need: of its tags, that would be lost.
  explicit KeptRound(report::Round round);

  /// The round as it was.
  report::Round Whole() const;
  /// The round with nothing judged of its tags: report::JudgeTag does that.
  report::Round Unjudged() const;

  /// Whether the node had a name of this repository ("docker.io/library/nginx").
  bool HasRepository(const std::string& name) const;
  /// Those selected, then those that containers may have asked for.
  const std::vector<Tag>& tags() const { return tags_; }
  /// The round without its tags, and without the node's images that they have.
  const report::Round& rest() const { return rest_; }

 private:
  std::size_t selected_;  ///< of the tags
  std::vector<Tag> tags_;
  std::vector<std::optional<std::size_t>> images_;  ///< each of the node's: index of its tag, or the next of `rest_`
  report::Round rest_;
};

}  // namespace tagdrift::agent
