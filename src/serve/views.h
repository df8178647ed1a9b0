#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "serve/board.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/report/command_line.h"
#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// Most patterns of a request, and bytes of each.
inline constexpr int kMostPatterns = 200;
inline constexpr std::size_t kMostPatternBytes = 1024;

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

/// One view of one published report, shared by all who ask for it. Thread safe.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<const Published> published, std::shared_ptr<const v1::NodeReport> report)
      : published_(std::move(published)), report_(std::move(report)) {}

  std::uint64_t generation() const { return published_->generation; }
  const Published& published() const { return *published_; }
  const v1::NodeReport& report() const { return *report_; }

  /// A serialised GetReportResponse with the whole report. The report is serialised once.
  grpc::ByteBuffer Response() const;
  /// A serialised WatchReportResponse: what has changed since `told`, or the report. Null: the report. Serialised once
  /// for all that were told the same.
  grpc::ByteBuffer Event(const Snapshot* told) const;

 private:
  const std::shared_ptr<const Published> published_;
  const std::shared_ptr<const v1::NodeReport> report_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<grpc::Slice> response_;
  mutable std::map<std::uint64_t, grpc::ByteBuffer> events_;  ///< by the generation that was told; 0: nothing was
};

/// The views of the latest report. Thread safe.
class Views {
 public:
  explicit Views(report::Invocation invocation) : invocation_(std::move(invocation)) {}

  /// Errors: as Filtered.
  absl::StatusOr<std::shared_ptr<const Snapshot>> Of(const std::shared_ptr<const Published>& published,
                                                     const v1::ReportFilter& filter, v1::View view,
                                                     Unmatched unmatched = Unmatched::kIsAnError);

 private:
  /// Beyond, views are made anew for each who asks.
  static constexpr std::size_t kMost = 64;

  const report::Invocation invocation_;
  std::mutex mutex_;
  std::shared_ptr<const Published> latest_;
  std::map<std::string, std::shared_ptr<const Snapshot>> made_;  ///< of `latest_`, by filter and view
};

}  // namespace tagdrift::serve
