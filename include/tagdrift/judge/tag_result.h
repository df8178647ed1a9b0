#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/walk.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/judge/remedies.h"

namespace tagdrift::judge {

enum class Verdict { kFresh, kEquivalent, kStale, kGone, kLocal, kImmutable, kUndecided };

/// In the order of precedence: the first that holds.
enum class Cause {
  kNone,
  kNodeDisagrees,
  kOriginIsMirror,
  kUnauthorized,
  kRateLimited,
  kOriginUnreachable,
  kBadAnswer,
  kAmbiguousCache,
  kTagDeleted,
  kWrongPlatform,
  kPullWouldFail,
  kStaleMirror,
  kMirrorDiffers,
  kTagMoved,
  kForecastUnknown,
  /// In place of what a pull or the origin would otherwise be blamed for: the pull fails or goes elsewhere because
  /// containerd ignores a mirror configuration.
  kMirrorConfigIgnored,
  /// Before all others: what the tag points to is here and is no manifest or index.
  kNotAnImage,
  /// The node has no such name: it is judged by what a pull would bring.
  kNotCached,
};

enum class HostState {
  kInSync,
  kEquivalent,
  kBehind,
  kDifferent,
  kMissing,
  kBroken,
  kDenied,
  kRateLimited,
  kUnreachable,
  kBadAnswer,
  kNotAsked,
  kUndecided,  ///< it answered with a digest, but the origin's is not known
};

/// What the next pull would bring, compared with the origin.
enum class Outcome { kFresh, kEquivalent, kStale, kFails, kUndecided };

enum class Credentials { kNotNeeded, kAssumed, kMissing };

enum class Direction { kOlder, kNewer, kUnknown };

struct HostResult {
  HostState state = HostState::kNotAsked;
  std::optional<image::Digest> digest;
  std::optional<hosts::Answer> answer;
  std::optional<hosts::Answer> first_answer;  ///< where the second look brought another answer
};

/// What a pull would bring.
struct Pull {
  Outcome outcome = Outcome::kUndecided;
  std::optional<image::Digest> digest;
  std::optional<std::size_t> host;             ///< index into Route::hosts
  std::string detail;                          ///< the error containerd would print, or why nothing can be said
  std::optional<image::Digest> image_id = {};  ///< what the digest yields on this platform, where known
};

struct Forecast {
  Pull pull;
  std::vector<hosts::WalkStep> walk;  ///< of the tag, as far as it goes
  Credentials credentials = Credentials::kNotNeeded;
  std::optional<Pull> if_anonymous;
  bool wrong_platform = false;  ///< it would bring a single manifest of another platform
};

struct Age {
  std::optional<absl::Time> cached_created;
  std::optional<absl::Time> origin_created;
  Direction direction = Direction::kUnknown;
};

/// The judgement of one cached name.
struct TagResult {
  Verdict verdict = Verdict::kUndecided;
  Cause cause = Cause::kNone;
  /// Evidence behind the cause that is not in the other fields: which content is missing, which error the registry
  /// gave.
  std::string reason;
  std::optional<image::Digest> origin_digest;
  /// The image id that the origin's digest yields on this platform; nothing where that is not known, or it is not known
  /// whether the origin counts.
  std::optional<image::Digest> origin_image_id;
  std::optional<image::Digest> cached_image_id;  ///< the one that containers of the tag get from this node
  Forecast next_pull;
  std::vector<HostResult> hosts;  ///< by index into Route::hosts
  bool downgrade_risk = false;
  Age age;
  /// What would put the tag right, in the order to do it; kNone alone where nothing can be done on this node.
  std::vector<Remedy> remedies;
  std::optional<absl::Time> first_seen;  ///< of a tag that is stale or gone: when that was first seen, if known
};

}  // namespace tagdrift::judge
