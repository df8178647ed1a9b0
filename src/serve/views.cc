#include "serve/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "serve/changes.h"
#include "tagdrift/agent/narrowing.h"
#include "tagdrift/report/report.h"

namespace tagdrift::serve {
namespace {

bool Narrows(const v1::ReportFilter& filter) {
  return filter.patterns_size() + filter.ignored_size() > 0 || filter.in_use() || !filter.pod().empty() ||
         filter.no_containers();
}

absl::Status Invalid(const std::string& field, const absl::Status& why) {
  return absl::InvalidArgumentError(field + ": " + std::string(why.message()));
}

v1::NodeReport WithoutTags(report::Round round, const report::Invocation& invocation) {
  round.tags.clear();
  round.asked_for.clear();
  round.containers.clear();
  return report::ToMessage(round, invocation);
}

absl::StatusOr<v1::NodeReport> Narrowed(const report::Round& whole, const v1::ReportFilter& filter, Unmatched unmatched,
                                        const report::Invocation& invocation) {
  report::Round round = whole;
  if (filter.no_containers()) agent::LeaveOutContainers(round);
  absl::Status kept;
  if (!filter.pod().empty()) {
    kept = agent::KeepSubject({filter.pod(), true}, round);
  } else {
    auto patterns = PatternsOf(filter);
    if (!patterns.ok()) return patterns.status();
    auto ignored = agent::ParsePatterns({filter.ignored().begin(), filter.ignored().end()});
    if (!ignored.ok()) return Invalid("filter.ignored", ignored.status());
    kept = agent::KeepSelected({.patterns = *std::move(patterns),
                                .ignored = *std::move(ignored),
                                .in_use = filter.in_use(),
                                .unmatched_is_nothing = unmatched == Unmatched::kIsNothing},
                               round);
  }
  if (absl::IsNotFound(kept) && unmatched == Unmatched::kIsNothing) return WithoutTags(std::move(round), invocation);
  if (!kept.ok()) return kept;
  return report::ToMessage(round, invocation);
}

void KeepVerdicts(const v1::ReportFilter& filter, v1::NodeReport& report) {
  const std::set<int> kept(filter.verdicts().begin(), filter.verdicts().end());
  std::set<std::string> asked_for;
  auto& containers = *report.mutable_containers();
  containers.erase(std::remove_if(containers.begin(), containers.end(),
                                  [&](const auto& container) { return !kept.contains(container.verdict()); }),
                   containers.end());
  for (const v1::ContainerReport& container : containers) asked_for.insert(container.requested_reference());
  auto& tags = *report.mutable_tags();
  tags.erase(std::remove_if(tags.begin(), tags.end(),
                            [&](const auto& tag) {
                              return !kept.contains(tag.verdict()) && !asked_for.contains(tag.reference());
                            }),
             tags.end());
}

void LeaveBasics(v1::NodeReport& report) {
  for (v1::TagReport& tag : *report.mutable_tags()) {
    tag.clear_hosts();
    if (tag.has_next_pull()) tag.mutable_next_pull()->clear_walk();
    tag.clear_images();
    tag.clear_used_by();
  }
}

}  // namespace

absl::Status CheckFilter(const v1::ReportFilter& filter) {
  for (const auto* list : {&filter.patterns(), &filter.ignored()}) {
    const char* field = list == &filter.patterns() ? "filter.patterns" : "filter.ignored";
    if (list->size() > kMostPatterns) {
      return absl::InvalidArgumentError(fmt::format("{}: at most {} at a time", field, kMostPatterns));
    }
    const auto too_long = [](const std::string& pattern) { return pattern.size() > kMostPatternBytes; };
    if (std::any_of(list->begin(), list->end(), too_long)) {
      return absl::InvalidArgumentError(fmt::format("{}: at most {} bytes each", field, kMostPatternBytes));
    }
  }
  if (filter.pod().empty()) return absl::OkStatus();
  if (filter.patterns_size() + filter.ignored_size() > 0 || filter.in_use() || filter.no_containers()) {
    return absl::InvalidArgumentError("filter.pod: goes with no other field but verdicts");
  }
  const absl::Status pod = agent::CheckSubject({filter.pod(), true});
  return pod.ok() ? pod : Invalid("filter.pod", pod);
}

absl::StatusOr<std::vector<agent::NamePattern>> PatternsOf(const v1::ReportFilter& filter) {
  auto patterns = agent::ParsePatterns({filter.patterns().begin(), filter.patterns().end()});
  if (!patterns.ok()) return Invalid("filter.patterns", patterns.status());
  return patterns;
}

absl::StatusOr<v1::NodeReport> Filtered(const Published& published, const v1::ReportFilter& filter, v1::View view,
                                        Unmatched unmatched, const report::Invocation& invocation) {
  if (absl::Status status = CheckFilter(filter); !status.ok()) return status;
  absl::StatusOr<v1::NodeReport> report =
      Narrows(filter) ? Narrowed(*published.round, filter, unmatched, invocation) : *published.report;
  if (!report.ok()) return report;
  if (filter.verdicts_size() > 0) KeepVerdicts(filter, *report);
  if (view == v1::VIEW_BASIC) LeaveBasics(*report);
  return report;
}

grpc::ByteBuffer Snapshot::Response() const {
  const std::lock_guard lock(mutex_);
  if (response_ == nullptr) {
    v1::GetReportResponse response;
    *response.mutable_report() = *report_;
    response_ = std::make_unique<grpc::Slice>(response.SerializeAsString());
  }
  // Messages that follow each other are one.
  v1::GetReportResponse rest;
  rest.set_generation(generation());
  if (published_->failed) *rest.mutable_failed() = *published_->failed;
  const grpc::Slice slices[] = {*response_, grpc::Slice(rest.SerializeAsString())};
  return {slices, 2};
}

grpc::ByteBuffer Snapshot::Event(const Snapshot* told) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t from = told == nullptr ? 0 : told->generation();
  const auto found = events_.find(from);
  if (found != events_.end()) return found->second;
  v1::WatchReportResponse event;
  event.set_generation(generation());
  if (told != nullptr) *event.mutable_changes() = ChangesBetween(told->report(), *report_);
  if (told == nullptr || event.changes().ByteSizeLong() >= report_->ByteSizeLong()) *event.mutable_report() = *report_;
  const grpc::Slice slice(event.SerializeAsString());
  return events_.emplace(from, grpc::ByteBuffer(&slice, 1)).first->second;
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Views::Of(const std::shared_ptr<const Published>& published,
                                                          const v1::ReportFilter& filter, v1::View view,
                                                          Unmatched unmatched) {
  const std::string key = std::string(view == v1::VIEW_BASIC ? "basic " : "full ") +
                          (unmatched == Unmatched::kIsNothing ? "told " : "asked ") + filter.SerializeAsString();
  {
    const std::lock_guard lock(mutex_);
    if (latest_ != published) {
      latest_ = published;
      made_.clear();
    }
    const auto found = made_.find(key);
    if (found != made_.end()) return found->second;
  }
  std::shared_ptr<const v1::NodeReport> report = published->report;
  if (Narrows(filter) || filter.verdicts_size() > 0 || view == v1::VIEW_BASIC) {
    auto filtered = Filtered(*published, filter, view, unmatched, invocation_);
    if (!filtered.ok()) return filtered.status();
    report = std::make_shared<const v1::NodeReport>(*std::move(filtered));
  }
  const std::lock_guard lock(mutex_);
  auto snapshot = std::make_shared<const Snapshot>(published, std::move(report));
  if (latest_ != published || made_.size() >= kMost) return snapshot;
  return made_.emplace(key, std::move(snapshot)).first->second;
}

}  // namespace tagdrift::serve
