#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/facts/node_facts.h"

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
  bool in_use = false;  ///< only names that a container uses
};

/// The selected images of `node`: its tags and the digest names that a container asked for, and any digest name that
/// the selection spells out. Errors: NotFound naming the pattern that matches nothing on this node.
absl::StatusOr<std::vector<facts::CachedImage>> Select(const Selection& selection, const facts::Node& node);

}  // namespace tagdrift::agent
