#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::facts {

/// A digest that a tag's origin answered with, and when.
struct ServedDigest {
  image::Digest digest;
  absl::Time first_seen;
  absl::Time last_seen;

  friend bool operator==(const ServedDigest&, const ServedDigest&) = default;
};

/// What this agent saw of a tag in earlier rounds. Empty: nothing, or no memory is kept.
struct TagHistory {
  std::vector<ServedDigest> origin_served;
  /// When the drift that lasts until now was first seen.
  std::optional<absl::Time> drift_first_seen;

  friend bool operator==(const TagHistory&, const TagHistory&) = default;
};

}  // namespace tagdrift::facts
