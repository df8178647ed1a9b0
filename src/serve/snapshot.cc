#include "serve/snapshot.h"

#include <utility>
#include <vector>

#include "serve/changes.h"

namespace tagdrift::serve {

Snapshot::Snapshot(std::uint64_t generation, std::shared_ptr<const SerialisedReport> report,
                   std::optional<v1::FailedRound> failed, const std::optional<v1::ReportChanges>& changes)
    : generation_(generation), failed_(std::move(failed)), report_(std::move(report)) {
  if (changes) changes_ = Serialise(generation_ - 1, *changes);
}

grpc::ByteBuffer Snapshot::Response(int begin, int end, const std::string& next_page_token) const {
  std::vector<grpc::Slice> slices = report_->Part(begin, end);
  slices.insert(slices.begin(),
                grpc::Slice(FieldOf(v1::GetReportResponse::kReportFieldNumber, slices[0].size() + slices[1].size())));
  v1::GetReportResponse rest;
  rest.set_generation(generation_);
  rest.set_next_page_token(next_page_token);
  if (failed_) *rest.mutable_failed() = *failed_;
  slices.emplace_back(rest.SerializeAsString());
  return {slices.data(), slices.size()};
}

grpc::ByteBuffer Snapshot::Event(const Snapshot* told) const {
  const grpc::Slice changes = told == nullptr ? grpc::Slice() : ChangesSince(*told);
  v1::WatchReportResponse rest;
  rest.set_generation(generation_);
  std::string head = rest.SerializeAsString();
  std::vector<grpc::Slice> event;
  if (changes.size() > 0) {
    head += FieldOf(v1::WatchReportResponse::kChangesFieldNumber, changes.size());
    event = {changes};
  } else {
    head += FieldOf(v1::WatchReportResponse::kReportFieldNumber, report_->size());
    event = report_->Part(0, report_->tags_size());
  }
  event.insert(event.begin(), grpc::Slice(head));
  return {event.data(), event.size()};
}

Snapshot::Changes Snapshot::Serialise(std::uint64_t since, const v1::ReportChanges& changes) const {
  if (changes.ByteSizeLong() >= report_->size()) return {.since = since, .bytes = grpc::Slice()};
  return {.since = since, .bytes = SliceOf(changes.SerializeAsString(), report_->room())};
}

grpc::Slice Snapshot::ChangesSince(const Snapshot& told) const {
  const std::lock_guard lock(mutex_);
  if (!changes_ || changes_->since != told.generation()) {
    changes_ = Serialise(told.generation(), ChangesBetween(told.report_->Parse(), report_->Parse()));
  }
  return changes_->bytes;
}

}  // namespace tagdrift::serve
