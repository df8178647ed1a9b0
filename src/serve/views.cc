#include "serve/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

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

/// Of a round of which nothing is judged yet.
absl::StatusOr<v1::NodeReport> Narrowed(report::Round round, const v1::ReportFilter& filter, Unmatched unmatched,
                                        const report::Invocation& invocation) {
  if (filter.no_containers()) agent::LeaveOutContainers(round);
  const auto judge = [&round](report::JudgedTag& tag) { report::JudgeTag(round, tag); };
  absl::Status kept;
  if (!filter.pod().empty()) {
    kept = agent::KeepSubject({filter.pod(), true}, round, judge);
  } else {
    auto patterns = PatternsOf(filter);
    if (!patterns.ok()) return patterns.status();
    auto ignored = agent::ParsePatterns({filter.ignored().begin(), filter.ignored().end()});
    if (!ignored.ok()) return Invalid("filter.ignored", ignored.status());
    kept = agent::KeepSelected({.patterns = *std::move(patterns),
                                .ignored = *std::move(ignored),
                                .in_use = filter.in_use(),
                                .unmatched_is_nothing = unmatched == Unmatched::kIsNothing},
                               round, judge);
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

void LeaveBasics(v1::TagReport& tag) {
  tag.clear_hosts();
  if (tag.has_next_pull()) tag.mutable_next_pull()->clear_walk();
  tag.clear_images();
  tag.clear_used_by();
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

absl::StatusOr<std::vector<agent::NamePattern>> PatternsOf(const v1::ReportFilter& filter) {
  auto patterns = agent::ParsePatterns({filter.patterns().begin(), filter.patterns().end()});
  if (!patterns.ok()) return Invalid("filter.patterns", patterns.status());
  return patterns;
}

absl::StatusOr<v1::NodeReport> Filtered(const Published& published, const v1::ReportFilter& filter, v1::View view,
                                        Unmatched unmatched, const report::Invocation& invocation) {
  if (absl::Status status = CheckFilter(filter); !status.ok()) return status;
  absl::StatusOr<v1::NodeReport> report = Narrows(filter)
                                              ? Narrowed(published.round->Unjudged(), filter, unmatched, invocation)
                                              : published.report->report()->Parse();
  if (!report.ok()) return report;
  if (filter.verdicts_size() > 0) KeepVerdicts(filter, *report);
  if (view != v1::VIEW_BASIC) return report;
  for (v1::TagReport& tag : *report->mutable_tags()) LeaveBasics(tag);
  return report;
}

bool IsWhole(const v1::ReportFilter& filter, v1::View view) {
  return !Narrows(filter) && filter.verdicts_size() == 0 && view != v1::VIEW_BASIC;
}

std::string ViewKey(const v1::ReportFilter& filter, v1::View view) {
  return (view == v1::VIEW_BASIC ? "basic " : "full ") + filter.SerializeAsString();
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Views::Of(const std::shared_ptr<const Published>& published,
                                                          const v1::ReportFilter& filter, v1::View view,
                                                          const Caller& caller, Unmatched unmatched) {
  if (IsWhole(filter, view)) return published->report;
  const std::string key = (unmatched == Unmatched::kIsNothing ? "told " : "asked ") + ViewKey(filter, view);
  {
    const std::lock_guard lock(mutex_);
    Turn(published);
    const auto found = made_.find(key);
    if (found != made_.end()) return found->second;
  }
  auto filtered = Filtered(*published, filter, view, unmatched, invocation_);
  if (!filtered.ok()) return filtered.status();
  Grant room = RoomFor(key, filtered->ByteSizeLong(), published->report->report()->size(), caller);
  if (room.held == nullptr) {
    return absl::ResourceExhaustedError(room.share_is_taken
                                            ? "this caller holds its share of the memory for parts of the report"
                                            : "others hold as much of the report as there is memory for");
  }
  auto snapshot = std::make_shared<const Snapshot>(
      published->report->generation(),
      std::make_shared<const SerialisedReport>(*std::move(filtered), std::move(room.held)),
      published->report->failed());
  const std::lock_guard lock(mutex_);
  if (latest_ != published || (made_.size() >= kMost && unmatched != Unmatched::kIsNothing)) return snapshot;
  return made_.emplace(key, std::move(snapshot)).first->second;
}

void Views::Turn(const std::shared_ptr<const Published>& published) {
  if (latest_ == published) return;
  latest_ = published;
  made_.clear();
}

void Views::KeepOnly(const std::shared_ptr<const Published>& published) {
  const std::lock_guard lock(mutex_);
  Turn(published);
}

Grant Views::RoomFor(const std::string& key, std::size_t view, std::size_t whole, const Caller& caller) {
  // Beside the view there may be what has changed since an earlier one, which is never larger.
  const std::size_t bytes = key.size() + 2 * view;
  const std::size_t share = std::max(most_, 2 * (key.size() + 2 * whole));
  const std::size_t most = RoleOf(caller) == Role::kOperator ? 2 * share : share + share / 2;
  if (Grant room = room_.Take(bytes, caller, most, share); room.held != nullptr) return room;
  // Those that somebody holds would free nothing, and be made again for the next who asks. None gets another holder
  // while the mutex is held.
  std::vector<std::shared_ptr<const Snapshot>> unheld;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(made_, [&unheld](auto& entry) {
      if (entry.second.use_count() > 1) return false;
      unheld.push_back(std::move(entry.second));
      return true;
    });
  }
  unheld.clear();
  return room_.Take(bytes, caller, most, share);
}

}  // namespace tagdrift::serve
