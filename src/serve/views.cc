#include "serve/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"
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

/// What comes before a field that is a message of so many bytes.
std::string FieldOf(int number, std::size_t bytes) {
  using google::protobuf::internal::WireFormatLite;
  std::string text;
  google::protobuf::io::StringOutputStream stream(&text);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.WriteTag(WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint64(bytes);
  out.Trim();
  return text;
}

/// Without a copy. `room` is given back with it.
grpc::Slice SliceOf(std::string bytes, std::shared_ptr<void> room) {
  using Held = std::pair<std::string, std::shared_ptr<void>>;
  auto* held = new Held(std::move(bytes), std::move(room));
  return {held->first.data(), held->first.size(), [](void* done) { delete static_cast<Held*>(done); }, held};
}

}  // namespace

absl::Status CheckFilter(const v1::ReportFilter& filter) {
  for (const auto* list : {&filter.patterns(), &filter.ignored()}) {
    const char* field = list == &filter.patterns() ? "filter.patterns" : "filter.ignored";
    if (list->size() > kMostPatterns) {
      return absl::InvalidArgumentError(fmt::format("{}: at most {} at a time", field, kMostPatterns));
    }
    const auto too_long = [](const std::string& pattern) { return pattern.size() > kMostNameBytes; };
    if (std::any_of(list->begin(), list->end(), too_long)) {
      return absl::InvalidArgumentError(fmt::format("{}: at most {} bytes each", field, kMostNameBytes));
    }
  }
  if (filter.pod().empty()) return absl::OkStatus();
  if (filter.pod().size() > kMostNameBytes) {
    return absl::InvalidArgumentError(fmt::format("filter.pod: at most {} bytes", kMostNameBytes));
  }
  if (filter.patterns_size() + filter.ignored_size() > 0 || filter.in_use() || filter.no_containers()) {
    return absl::InvalidArgumentError("filter.pod: goes with no other field but verdicts");
  }
  const absl::Status pod = agent::CheckSubject({filter.pod(), true});
  return pod.ok() ? pod : Invalid("filter.pod", pod);
}

std::string ViewKey(const v1::ReportFilter& filter, v1::View view) {
  if (!Narrows(filter) && filter.verdicts_size() == 0 && view != v1::VIEW_BASIC) return "";
  return (view == v1::VIEW_BASIC ? "basic " : "full ") + filter.SerializeAsString();
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

Snapshot::Serialised Snapshot::Serialise() const {
  Serialised serialised;
  std::string tags;
  serialised.ends.reserve(static_cast<std::size_t>(report_->tags_size()));
  for (const v1::TagReport& tag : report_->tags()) {
    tags += FieldOf(v1::NodeReport::kTagsFieldNumber, tag.ByteSizeLong());
    tag.AppendToString(&tags);
    serialised.ends.push_back(tags.size());
  }
  serialised.tags = SliceOf(std::move(tags), room_);
  v1::NodeReport head = *report_;
  head.clear_tags();
  serialised.head = SliceOf(head.SerializeAsString(), room_);
  return serialised;
}

grpc::ByteBuffer Snapshot::Response(int begin, int end, const std::string& next_page_token) const {
  const std::lock_guard lock(mutex_);
  if (!serialised_) serialised_ = Serialise();
  const auto offset = [&](int tag) { return tag == 0 ? 0 : serialised_->ends[static_cast<std::size_t>(tag) - 1]; };
  const grpc::Slice tags = serialised_->tags.sub(offset(begin), offset(end));
  grpc::Slice head = serialised_->head;
  if (begin > 0) {
    v1::NodeReport part;
    part.set_node(report_->node());
    *part.mutable_checked_at() = report_->checked_at();
    head = grpc::Slice(part.SerializeAsString());
  }
  v1::GetReportResponse rest;
  rest.set_generation(generation());
  rest.set_next_page_token(next_page_token);
  if (failed_) *rest.mutable_failed() = *failed_;
  const grpc::Slice slices[] = {
      grpc::Slice(FieldOf(v1::GetReportResponse::kReportFieldNumber, head.size() + tags.size())), head, tags,
      grpc::Slice(rest.SerializeAsString())};
  return {slices, std::size(slices)};
}

grpc::ByteBuffer Snapshot::Event(const Snapshot* told) const {
  const std::lock_guard lock(mutex_);
  std::optional<grpc::ByteBuffer>& kept = told == nullptr ? first_event_ : event_;
  if (kept && (told == nullptr || told_ == told->generation())) return *kept;
  v1::WatchReportResponse event;
  event.set_generation(generation());
  if (told != nullptr) *event.mutable_changes() = ChangesBetween(told->report(), *report_);
  if (told == nullptr || event.changes().ByteSizeLong() >= report_->ByteSizeLong()) *event.mutable_report() = *report_;
  const grpc::Slice slice = SliceOf(event.SerializeAsString(), room_);
  if (told != nullptr) told_ = told->generation();
  kept.emplace(&slice, 1);
  return *kept;
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Views::Of(const std::shared_ptr<const Published>& published,
                                                          const v1::ReportFilter& filter, v1::View view,
                                                          const Caller& caller, Unmatched unmatched) {
  std::string key = ViewKey(filter, view);
  if (key.empty()) {
    const std::lock_guard lock(mutex_);
    Turn(published);
    if (whole_ == nullptr) whole_ = std::make_shared<const Snapshot>(*published, published->report, nullptr);
    return whole_;
  }
  key = (unmatched == Unmatched::kIsNothing ? "told " : "asked ") + key;
  {
    const std::lock_guard lock(mutex_);
    Turn(published);
    const auto found = made_.find(key);
    if (found != made_.end()) return found->second;
  }
  auto filtered = Filtered(*published, filter, view, unmatched, invocation_);
  if (!filtered.ok()) return filtered.status();
  Grant room = RoomFor(key, *filtered, *published->report, caller);
  if (room.held == nullptr) {
    return absl::ResourceExhaustedError(room.share_is_taken
                                            ? "this caller holds its share of the memory for parts of the report"
                                            : "others hold as much of the report as there is memory for");
  }
  auto snapshot = std::make_shared<const Snapshot>(
      *published, std::make_shared<const v1::NodeReport>(*std::move(filtered)), std::move(room.held));
  const std::lock_guard lock(mutex_);
  if (latest_ != published || (made_.size() >= kMost && unmatched != Unmatched::kIsNothing)) return snapshot;
  return made_.emplace(key, std::move(snapshot)).first->second;
}

void Views::Turn(const std::shared_ptr<const Published>& published) {
  if (latest_ == published) return;
  latest_ = published;
  whole_.reset();
  made_.clear();
}

Grant Views::RoomFor(const std::string& key, const v1::NodeReport& view, const v1::NodeReport& whole,
                     const Caller& caller) {
  // The message, and serialised for GetReport and for WatchReport.
  const auto cost = [](const v1::NodeReport& report) { return report.SpaceUsedLong() + 3 * report.ByteSizeLong(); };
  const std::size_t bytes = key.size() + cost(view);
  const std::size_t share = std::max(most_, 2 * (key.size() + cost(whole)));
  const std::size_t most = RoleOf(caller) == Role::kOperator ? 2 * share : share + share / 2;
  if (Grant room = room_.Take(bytes, caller, most, share); room.held != nullptr) return room;
  std::map<std::string, std::shared_ptr<const Snapshot>> kept;
  {
    const std::lock_guard lock(mutex_);
    kept.swap(made_);
  }
  kept.clear();
  return room_.Take(bytes, caller, most, share);
}

std::shared_ptr<const Snapshot> Views::ToRemember(std::shared_ptr<const Snapshot> told) {
  if (!told->is_whole()) return told;
  const std::lock_guard lock(mutex_);
  if (auto remembered = remembered_.lock(); remembered && remembered->generation() == told->generation()) {
    return remembered;
  }
  remembered_ = told;
  return told;
}

}  // namespace tagdrift::serve
