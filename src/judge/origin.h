#pragma once

#include <optional>
#include <string>

#include "fact_lookup.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

/// A host's answer about a tag, as far as it proves a digest: status 200 with a well-formed digest of a manifest or an
/// index.
struct TagAnswer {
  std::optional<image::Digest> digest;
  std::string media_type;
  HostState refusal = HostState::kNotAsked;  ///< without a digest: what kind of refusal
  std::string reason;                        ///< without a digest: the evidence
};
TagAnswer ReadTagAnswer(const hosts::Answer& answer);

/// "404 MANIFEST_UNKNOWN": the status of an HTTP answer, with the registry's error code where it gave one.
std::string StatusText(const hosts::Answer& answer);

/// What the origin says of the tag.
struct OriginView {
  std::optional<image::Digest> digest;
  std::string media_type;
  bool pending = false;
  bool gone = false;           ///< proven
  Cause cause = Cause::kNone;  ///< without digest and proof: what is in the way
  std::string reason;
};
OriginView JudgeOrigin(FactLookup& lookup);

}  // namespace tagdrift::judge
