#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "serve/serialised_report.h"
#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// A published report, or a view of one, shared by all who ask for it. Thread safe.
class Snapshot {
 public:
  /// `failed`: the latest round since, where that failed. `changes`: since the generation before, where those are at
  /// hand.
  Snapshot(std::uint64_t generation, std::shared_ptr<const SerialisedReport> report,
           std::optional<v1::FailedRound> failed = std::nullopt,
           const std::optional<v1::ReportChanges>& changes = std::nullopt);

  std::uint64_t generation() const { return generation_; }
  const std::shared_ptr<const SerialisedReport>& report() const { return report_; }
  const std::optional<v1::FailedRound>& failed() const { return failed_; }

  /// A serialised GetReportResponse with the tags from `begin` to before `end`; what is not about tags is with the
  /// first.
  grpc::ByteBuffer Response(int begin, int end, const std::string& next_page_token) const;
  /// A serialised WatchReportResponse: what has changed since `told`, or the report where that is not larger. Null: the
  /// report.
  grpc::ByteBuffer Event(const Snapshot* told) const;

 private:
  struct Changes {
    std::uint64_t since = 0;
    grpc::Slice bytes;  ///< empty where they are not smaller than the report
  };

  Changes Serialise(std::uint64_t since, const v1::ReportChanges& changes) const;
  /// Kept for the next who was told the same, as most were.
  grpc::Slice ChangesSince(const Snapshot& told) const;

  const std::uint64_t generation_;
  const std::optional<v1::FailedRound> failed_;
  const std::shared_ptr<const SerialisedReport> report_;
  mutable std::mutex mutex_;
  mutable std::optional<Changes> changes_;
};

}  // namespace tagdrift::serve
