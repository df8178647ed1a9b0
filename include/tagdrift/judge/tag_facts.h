#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

#include "absl/time/time.h"
#include "tagdrift/facts/content.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/facts/tag_history.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/judge/route.h"

namespace tagdrift::judge {

/// What is asked of a host about a tag.
enum class QueryKind {
  kTag,       ///< which digest does the tag have?
  kDigest,    ///< is the digest known there? (HEAD of the manifest)
  kManifest,  ///< the manifest or index of that digest
  kConfig,    ///< the image config of that digest
};

/// One question to one host. The media type only shapes the request: it does not tell questions apart.
struct HostQuery {
  std::size_t host = 0;  ///< index into Route::hosts
  QueryKind kind = QueryKind::kTag;
  std::optional<image::Digest> digest;  ///< for all but kTag
  std::string media_type;               ///< as a descriptor or an answer says; may be empty

  friend bool operator==(const HostQuery& a, const HostQuery& b) { return a.Key() == b.Key(); }
  friend auto operator<=>(const HostQuery& a, const HostQuery& b) { return a.Key() <=> b.Key(); }

  std::tuple<std::size_t, QueryKind, const std::optional<image::Digest>&> Key() const { return {host, kind, digest}; }
};

/// A blob to be read from the node's content store.
struct StoreQuery {
  image::Digest digest;
  std::string media_type;
  bool is_config = false;

  friend bool operator==(const StoreQuery& a, const StoreQuery& b) { return a.digest == b.digest; }
};

using MissingFact = std::variant<StoreQuery, HostQuery>;

/// Everything known about one cached name.
struct TagFacts {
  facts::CachedImage image;
  std::map<HostQuery, hosts::Answer> answers = {};
  /// Answers to kTag that a second look replaced, by host.
  std::map<std::size_t, hosts::Answer> first_answers = {};
  /// What the node's content store holds; NotThere where it does not.
  std::map<image::Digest, facts::Content> stored = {};
  /// What a host delivered for a digest, verified against it; NotThere where that is not what was wanted.
  std::map<image::Digest, facts::Content> fetched = {};
  /// Of earlier rounds.
  facts::TagHistory history = {};
  /// True once origin and differing hosts were asked twice.
  bool second_look = false;
};

/// What holds for all tags of a round.
struct Context {
  image::Platform platform;
  bool has_content_store = true;
  bool all_hosts = false;  ///< ask every host, not only those that the walk reaches
  bool ask_local = false;  ///< ask about LOCAL tags too
  /// The node's clock. An image that says it was created more than a day later says nothing of its age.
  absl::Time now = absl::InfiniteFuture();
};

}  // namespace tagdrift::judge
