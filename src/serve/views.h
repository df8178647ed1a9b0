#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "serve/board.h"
#include "serve/caller.h"
#include "serve/limits.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/report/command_line.h"
#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// Most patterns of a request, and bytes of each pattern or name.
inline constexpr int kMostPatterns = 200;
inline constexpr std::size_t kMostNameBytes = 1024;

/// Errors: InvalidArgument naming the field.
absl::Status CheckFilter(const v1::ReportFilter& filter);

/// The patterns of `filter`. Errors: InvalidArgument naming the field.
absl::StatusOr<std::vector<agent::NamePattern>> PatternsOf(const v1::ReportFilter& filter);

/// Of a pattern or pod that matches nothing on this node.
enum class Unmatched {
  kIsAnError,
  kIsNothing,  ///< it has been there, and is gone
};

/// The part of the report that `filter` and `view` ask for, as a check of that part alone would say it. Errors:
/// InvalidArgument naming the field; NotFound: a pattern or pod matches nothing, and that is an error.
absl::StatusOr<v1::NodeReport> Filtered(const Published& published, const v1::ReportFilter& filter, v1::View view,
                                        Unmatched unmatched, const report::Invocation& invocation);

/// Whether a view that is asked for so is the report itself.
bool IsWhole(const v1::ReportFilter& filter, v1::View view);

/// What tells such views apart.
std::string ViewKey(const v1::ReportFilter& filter, v1::View view);

/// The views of the latest report. Thread safe.
class Views {
 public:
  /// What one reader's views that are no whole reports may take, as long as anybody holds them: `most` bytes, or what
  /// two as large as the report take where that is more. Half as much again for all readers', so that none can leave
  /// another without room for one, and twice that of one for all's, so that readers cannot leave operators without.
  explicit Views(report::Invocation invocation, std::size_t most = 32 << 20)
      : invocation_(std::move(invocation)), most_(most) {}

  /// Errors: as Filtered; ResourceExhausted: the views that are held, or this caller's, take all the memory that they
  /// may. A view is of the caller for whom it was made.
  absl::StatusOr<std::shared_ptr<const Snapshot>> Of(const std::shared_ptr<const Published>& published,
                                                     const v1::ReportFilter& filter, v1::View view,
                                                     const Caller& caller, Unmatched unmatched = Unmatched::kIsAnError);
  /// Drops the views of all other reports. Readers have that done too, but may not come.
  void KeepOnly(const std::shared_ptr<const Published>& published);

 private:
  /// Beyond, views are made anew for each who asks. What watchers are told is always kept: they all come for it at
  /// once, and NodeCacheContext bounds how many such views there are.
  static constexpr std::size_t kMost = 64;

  /// Makes `published` what is kept of. With mutex_ held.
  void Turn(const std::shared_ptr<const Published>& published);
  /// For a view of so many bytes under `key`.
  Grant RoomFor(const std::string& key, std::size_t view, std::size_t whole, const Caller& caller);

  const report::Invocation invocation_;
  const std::size_t most_;
  Quota room_;
  std::mutex mutex_;
  std::shared_ptr<const Published> latest_;
  std::map<std::string, std::shared_ptr<const Snapshot>> made_;  ///< of `latest_`, by filter and view
};

}  // namespace tagdrift::serve
