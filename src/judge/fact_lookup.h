#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tagdrift/hosts/walk.h"
#include "tagdrift/image/manifest.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_facts.h"

namespace tagdrift::judge {

/// A fact that was looked up: there, missing for a reason, or not known yet (then it was noted as a need).
template <class T>
struct Finding {
  const T* value = nullptr;
  bool pending = false;
  std::string why_not;

  explicit operator bool() const { return value != nullptr; }
};

/// Looks up the facts of one tag and notes each one that is looked for and not yet there. Judging through it yields the
/// judgement and, from the same code, the list of what it still needs.
class FactLookup {
 public:
  FactLookup(const TagFacts& tag, const Route& route, const Context& context)
      : tag_(tag), route_(route), context_(context) {}

  const TagFacts& tag() const { return tag_; }
  const Route& route() const { return route_; }
  const Context& context() const { return context_; }
  const std::vector<MissingFact>& needs() const { return needs_; }

  /// The host's answer about the tag; null when not there yet.
  const hosts::Answer* AnswerTo(HostQuery ask);

  /// A manifest or index: from the node's content store, else from `sources` in that order.
  Finding<image::Document> Document(const image::Digest& digest, const std::string& media_type,
                                    const std::vector<std::size_t>& sources);
  /// An image config, likewise.
  Finding<image::ImageConfig> Config(const image::Digest& digest, const std::vector<std::size_t>& sources);

  /// True if the node's content store has the blob. Nothing: not known yet.
  std::optional<bool> Stored(const image::Digest& digest, const std::string& media_type, bool is_config);

  /// containerd's search for a blob that the node does not have: all its hosts in order.
  hosts::Resolution FetchWalk(hosts::Puller puller, const image::Descriptor& blob, bool is_config);

 private:
  template <class T>
  Finding<T> Look(const image::Digest& digest, const std::string& media_type, bool is_config,
                  const std::vector<std::size_t>& sources);

  const TagFacts& tag_;
  const Route& route_;
  const Context& context_;
  std::vector<MissingFact> needs_;
};

}  // namespace tagdrift::judge
