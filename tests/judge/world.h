#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tagdrift/judge/judge.h"

namespace tagdrift::judge {

/// A file of tests/data.
nlohmann::json ReadTable(const std::string& file);

/// A small world of named images, a node and registry hosts, described in JSON (the head of tests/data/verdicts.json
/// says how), in which one tag is judged as a round does it: what is missing is asked, then all but a fresh tag is
/// looked at again.
class World {
 public:
  World(const nlohmann::json& images, const nlohmann::json& scenario);

  /// Fills what is missing until nothing is.
  void Fill();
  /// The round's result, second look included.
  TagResult Judge();

  image::Digest DigestOf(const std::string& name) const;
  /// The name of the image with this digest, "-" for none.
  std::string NameOf(const std::optional<image::Digest>& digest) const;
  std::string HostOf(const std::optional<std::size_t>& host) const;

  TagFacts tag;
  Route route;
  Context context;
  int tag_requests = 0;

 private:
  hosts::Answer Reply(const HostQuery& ask);
  hosts::Answer TagReply(const nlohmann::json& words) const;
  std::optional<facts::Content> Find(const image::Digest& digest, const std::vector<std::string>& names) const;
  facts::StoredImage StoredImageOf(const std::string& name) const;

  nlohmann::json images_;
  nlohmann::json scenario_;
  std::vector<std::string> stored_;
};

}  // namespace tagdrift::judge
