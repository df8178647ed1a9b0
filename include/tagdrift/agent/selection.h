#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/containers.h"

namespace tagdrift::agent {

/// A REFERENCE, normalised as containerd does, or a PATTERN: a glob over the full reference in which `*` also crosses
/// `/`.
class NamePattern {
 public:
  /// Errors: InvalidArgument naming the text.
  static absl::StatusOr<NamePattern> Parse(const std::string& text);

  bool Matches(const std::string& canonical) const;
  /// True for a reference by digest, spelt out.
  bool NamesDigest() const;
  const std::string& text() const { return text_; }

 private:
  NamePattern(std::string text, std::string glob) : text_(std::move(text)), glob_(std::move(glob)) {}

  std::string text_;
  std::string glob_;
};

/// All of `texts`. Errors: as NamePattern::Parse.
absl::StatusOr<std::vector<NamePattern>> ParsePatterns(const std::vector<std::string>& texts);

/// Which names of the node are looked at.
struct Selection {
  std::vector<NamePattern> patterns;  ///< none: all
  std::vector<NamePattern> ignored;
  bool in_use = false;                ///< only names that a container uses which decides (facts::ContainerUse)
  bool unmatched_is_nothing = false;  ///< a pattern that matches nothing is no error
};

/// Cached names that may have been meant by one that the node does not have: other tags of its repository, else
/// repositories of that name elsewhere.
std::vector<std::string> SimilarNames(const image::Reference& reference, const std::vector<facts::CachedImage>& images);

/// The selected images of `node`: its tags and the digest names that a container asked for, and any digest name that
/// the selection spells out; of `asked_for`, which containers asked for and the node does not have, those that match
/// too. Errors: NotFound naming the pattern that matches nothing on this node.
absl::StatusOr<std::vector<facts::CachedImage>> Select(const Selection& selection, const facts::Node& node,
                                                       const std::vector<facts::CachedImage>& asked_for = {});

/// Leaves of `requests` those of containers that may have asked for one of `selected`; without patterns also those of
/// which nothing is known.
void SelectContainers(const Selection& selection, const std::set<image::Reference>& selected,
                      std::vector<judge::ContainerRequest>& requests);

/// Images of `node` that `requests` may mean besides `selected`, unless they are ignored.
std::vector<facts::CachedImage> AskedBesides(const Selection& selection, const std::set<image::Reference>& selected,
                                             const std::vector<judge::ContainerRequest>& requests,
                                             const facts::Node& node);

}  // namespace tagdrift::agent
