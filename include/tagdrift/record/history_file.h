#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/facts/tag_history.h"

namespace tagdrift::record {

/// A tag as it is at one origin: what another one served says nothing of it.
struct HistoryKey {
  std::string reference;  ///< canonical
  std::string origin;     ///< URL

  friend auto operator<=>(const HistoryKey&, const HistoryKey&) = default;
};

struct RememberedTag {
  facts::TagHistory history;
  absl::Time last_looked;  ///< when a round last judged the tag

  friend bool operator==(const RememberedTag&, const RememberedTag&) = default;
};

using Histories = std::map<HistoryKey, RememberedTag>;

/// JSON, for people too.
std::string Write(const Histories& histories);

/// Errors: FailedPrecondition where a newer tagdrift wrote it; InvalidArgument naming the place of anything else that
/// is not as `Write` writes it.
absl::StatusOr<Histories> ReadHistories(std::string_view text);

}  // namespace tagdrift::record
