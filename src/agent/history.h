#pragma once

#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "tagdrift/facts/tag_history.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/record/history_file.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// What rounds saw of tags, kept in `history.json` of a directory, where it outlives the process. Each update replaces
/// the file as a whole and holds a lock on `history.lock`: whoever finds that taken leaves the file as it is. A file
/// that cannot be understood is set aside as `history.json.unreadable`. Nothing here makes a round fail. Thread safe.
class History {
 public:
  static constexpr std::size_t kMostTags = 5'000;  ///< those not looked at for the longest time go first
  static constexpr std::size_t kMostDigests = 16;  ///< of a tag; those not served for the longest time go first
  static constexpr absl::Duration kMostAge = absl::Hours(180 * 24);  ///< since a tag was looked at, a digest served

  /// What was known when a round began.
  struct Known {
    bool is_kept = false;
    absl::Time now;
    record::Histories tags = {};
    std::string note = {};  ///< for people: why it is less than it could be; else empty

    /// Of a tag that has not drifted, `drift_first_seen` means nothing; of one that has, it is never after `now`.
    facts::TagHistory Of(const image::Reference& reference, const judge::Route& route) const;
  };

  /// `directory` empty: nothing is kept.
  explicit History(std::string directory);

  Known Read(absl::Time now);

  /// Adds what `round` saw, in which `known` was used, to what is there by then. Answers what people should know of
  /// both, in one sentence; empty: nothing.
  std::string Remember(const Known& known, const report::Round& round);

 private:
  const std::string directory_;
  const std::string file_;
  std::mutex writing_;
};

/// Adds what `round` saw, and drops what is beyond the bounds. Times after the round's, as a clock that was set back
/// leaves them, become the round's.
void Update(record::Histories& tags, const report::Round& round);

}  // namespace tagdrift::agent
