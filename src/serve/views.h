#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
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

/// What tells views of a report apart. Empty: it is the whole report.
std::string ViewKey(const v1::ReportFilter& filter, v1::View view);

/// Of a pattern or pod that matches nothing on this node.
enum class Unmatched {
  kIsAnError,
  kIsNothing,  ///< it has been there, and is gone
};

/// The part of the report that `filter` and `view` ask for, as a check of that part alone would say it. Errors:
/// InvalidArgument naming the field; NotFound: a pattern or pod matches nothing, and that is an error.
absl::StatusOr<v1::NodeReport> Filtered(const Published& published, const v1::ReportFilter& filter, v1::View view,
                                        Unmatched unmatched, const report::Invocation& invocation);

/// One view of one published report, shared by all who ask for it. Thread safe.
class Snapshot {
 public:
  /// `room` is given back once neither this nor an answer that was made of it is left. Null: it is all of the report,
  /// and takes no memory for it but the board's.
  Snapshot(const Published& published, std::shared_ptr<const v1::NodeReport> report, std::shared_ptr<void> room)
      : generation_(published.generation),
        failed_(published.failed),
        report_(std::move(report)),
        room_(std::move(room)) {}

  std::uint64_t generation() const { return generation_; }
  const v1::NodeReport& report() const { return *report_; }
  bool is_whole() const { return room_ == nullptr; }

  /// A serialised GetReportResponse with the tags from `begin` to before `end`; what is not about tags is with the
  /// first. The report is serialised once, and shared by all answers.
  grpc::ByteBuffer Response(int begin, int end, const std::string& next_page_token) const;
  /// A serialised WatchReportResponse: what has changed since `told`, or the report. Null: the report. Kept for the
  /// next who was told the same, as most were.
  grpc::ByteBuffer Event(const Snapshot* told) const;

 private:
  struct Serialised {
    grpc::Slice head;  ///< all but the tags
    grpc::Slice tags;
    std::vector<std::size_t> ends;  ///< of each in `tags`
  };

  Serialised Serialise() const;

  const std::uint64_t generation_;
  const std::optional<v1::FailedRound> failed_;
  const std::shared_ptr<const v1::NodeReport> report_;
  const std::shared_ptr<void> room_;
  mutable std::mutex mutex_;
  mutable std::optional<Serialised> serialised_;
  mutable std::optional<grpc::ByteBuffer> first_event_;  ///< for those who were told nothing
  mutable std::uint64_t told_ = 0;                       ///< the generation that who gets `event_` was told
  mutable std::optional<grpc::ByteBuffer> event_;
};

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
  /// One that says the same as `told`, for who was told it to remember: watchers who come one after the other keep one
  /// report, and not each the one that was the latest then.
  std::shared_ptr<const Snapshot> ToRemember(std::shared_ptr<const Snapshot> told);

 private:
  /// Beyond, views are made anew for each who asks. What watchers are told is always kept: they all come for it at
  /// once, and NodeCacheContext bounds how many such views there are.
  static constexpr std::size_t kMost = 64;

  /// Makes `published` what is kept of. With mutex_ held.
  void Turn(const std::shared_ptr<const Published>& published);
  /// Of `view` under `key`.
  Grant RoomFor(const std::string& key, const v1::NodeReport& view, const v1::NodeReport& whole, const Caller& caller);

  const report::Invocation invocation_;
  const std::size_t most_;
  Quota room_;
  std::mutex mutex_;
  std::weak_ptr<const Snapshot> remembered_;  ///< the latest
  std::shared_ptr<const Published> latest_;
  std::shared_ptr<const Snapshot> whole_;                        ///< of `latest_`; null: not asked for yet
  std::map<std::string, std::shared_ptr<const Snapshot>> made_;  ///< of `latest_`, by filter and view
};

}  // namespace tagdrift::serve
