#include <fmt/format.h>

#include "action_enums.h"
#include "messages.h"
#include "tagdrift/report/printable.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

std::string Text(const std::optional<image::Digest>& digest) { return digest ? digest->text() : ""; }
std::string Short(const std::optional<image::Digest>& digest) { return digest ? digest->Short() : "nothing"; }

std::string Url(const judge::Route& route, const std::optional<std::size_t>& host) {
  return host && *host < route.hosts.size() ? route.hosts[*host]->Url() : "";
}

std::string Reason(const judge::Step& step, const judge::Plan& plan, const judge::Route& route) {
  switch (step.kind) {
    case judge::StepKind::kPull:
      if (!plan.deliverer) return "everything but the name is here";
      if (plan.bytes_to_come == 0) {
        return fmt::format("the content is here; that it is of this repository is for {} to prove",
                           Url(route, plan.deliverer));
      }
      return fmt::format("by digest, so that containerd walks on to a host that has it ({})",
                         Url(route, plan.deliverer));
    case judge::StepKind::kHold:
      return "neither the new nor the old content may be collected meanwhile";
    case judge::StepKind::kRepoint:
      return fmt::format("from {} to {}, only if it still is what it was", Short(plan.from), Short(plan.to));
    case judge::StepKind::kVerify:
      if (plan.action == judge::ActionKind::kEvict) return "the CRI no longer finds the name";
      if (plan.action == judge::ActionKind::kPrePull) return "the content is complete";
      return "the content is complete, and containerd and the CRI agree; otherwise the tag is put back";
    case judge::StepKind::kDeleteName:
      return fmt::format("only if it still points to {}; nothing else goes with it", Short(plan.from));
    case judge::StepKind::kRemoveImage:
      return "no other tag and no container has it; if that still holds then";
  }
  return "";
}

std::string DurableDetail(const judge::Plan& plan, const judge::Route& route) {
  switch (plan.durable) {
    case judge::Durable::kYes:
      return "the next pull brings the same";
    case judge::Durable::kNo:
      return fmt::format(
          "the next pull brings {} from {} and so undoes it: with imagePullPolicy Always that is the next start",
          Short(plan.next_pull), Url(route, plan.next_pull_host));
    case judge::Durable::kUnknown:
      return "what the next pull brings is not known";
  }
  return "";
}

std::string AgeNote(const judge::Age& age) {
  const auto text = [](const std::optional<absl::Time>& time) {
    return time ? absl::FormatTime(absl::RFC3339_full, *time, absl::UTCTimeZone()) : "at an unknown time";
  };
  const std::string times =
      fmt::format("the cached image was built {}, the origin's {}", text(age.cached_created), text(age.origin_created));
  return (age.direction == judge::Direction::kNewer ? "this goes back: " : "which is newer is not known: ") + times;
}

/// A mirror undoes at the next pull what the plan does: what is to be done about it before.
std::string WhatComesFirst(const judge::Plan& plan, const judge::Route& route) {
  const std::string mirror = Url(route, plan.next_pull_host);
  if (!plan.first) return fmt::format("no change of hosts.toml is known that keeps {} from undoing this", mirror);
  if (plan.first->kind == judge::RemedyKind::kPurgeMirror) {
    return fmt::format("first have {} ask for the tag anew, or it undoes this (`tagdrift check` says how)", mirror);
  }
  std::string what = plan.first->what;
  if (plan.first->fix == judge::Fix::kTakeResolve) {
    what = fmt::format("take `resolve` from the capabilities of {}", Url(route, plan.first->host));
  }
  const std::string file = plan.first->file.empty() ? "containerd's configuration" : plan.first->file;
  const std::string line = plan.first->line > 0 ? fmt::format(":{}", plan.first->line) : "";
  return fmt::format("first, in {}{}: {}", file, line, what);
}

void AddNotes(const judge::Plan& plan, const judge::Route& route, v1::Plan& message) {
  const bool by_mirror = plan.durable == judge::Durable::kNo && plan.next_pull_host != route.origin;
  if (by_mirror && plan.to && plan.action == judge::ActionKind::kRefresh) {
    message.add_notes(WhatComesFirst(plan, route));
  }
  if (plan.age && !plan.steps.empty() && plan.age->direction != judge::Direction::kOlder) {
    message.add_notes(AgeNote(*plan.age));
  }
  if (plan.needs_credentials && !plan.steps.empty()) {
    message.add_notes("a private image: once it is here, every pod on this node can use it without credentials");
  }
  if (plan.action == judge::ActionKind::kPrePull && !plan.steps.empty()) {
    message.add_notes("no tag is moved; the kubelet may collect the content again while nothing uses it");
  }
  if (plan.action == judge::ActionKind::kEvict && !plan.steps.empty()) {
    if (!plan.kept_because.empty()) message.add_notes("--free frees nothing: " + plan.kept_because);
    if (plan.bytes_to_go == 0) message.add_notes("0 bytes are freed: the content stays");
  }
  if (!plan.disk_note.empty()) message.add_notes("the disk was not checked: " + plan.disk_note);
}

void AddRefusals(const std::vector<judge::Refusal>& refusals,
                 google::protobuf::RepeatedPtrField<v1::Refusal>& messages) {
  for (const judge::Refusal& refusal : refusals) {
    v1::Refusal& message = *messages.Add();
    message.set_kind(ToProto(refusal.kind));
    message.set_detail(refusal.detail);
    message.set_can_be_forced(judge::CanBeForced(refusal.kind));
  }
}

v1::Plan PlanMessage(const judge::Plan& plan, const judge::Route& route) {
  v1::Plan message;
  message.set_action(ToProto(plan.action));
  message.set_reference(plan.reference.Canonical());
  message.set_from_digest(Text(plan.from));
  message.set_to_digest(Text(plan.to));
  message.set_image_id(plan.image_id.value_or(""));
  for (const judge::Step& step : plan.steps) {
    v1::Step& out = *message.add_steps();
    out.set_kind(ToProto(step.kind));
    out.set_subject(step.subject);
    out.set_reason(Reason(step, plan, route));
  }
  AddRefusals(plan.refusals, *message.mutable_refusals());
  AddRefusals(plan.overridden, *message.mutable_overridden());
  message.set_deliverer(Url(route, plan.deliverer));
  message.set_needs_credentials(plan.needs_credentials);
  message.set_bytes_to_come(plan.bytes_to_come);
  message.set_bytes_to_go(plan.bytes_to_go);
  message.mutable_names_stay()->Add(plan.names_stay.begin(), plan.names_stay.end());
  message.mutable_names_go()->Add(plan.names_go.begin(), plan.names_go.end());
  if (plan.action == judge::ActionKind::kRefresh && plan.to) {
    v1::Durability& durability = *message.mutable_durability();
    durability.set_durable(ToProto(plan.durable));
    durability.set_detail(DurableDetail(plan, route));
    durability.set_next_digest(Text(plan.next_pull));
    durability.set_host(Url(route, plan.next_pull_host));
    for (const facts::ContainerUse& use : plan.used_by) *durability.add_used_by() = UseMessage(use, "");
  }
  AddNotes(plan, route, message);
  return message;
}

v1::ActionOutcome OutcomeMessage(const ActionOutcome& outcome) {
  v1::ActionOutcome message;
  message.set_state(ToProto(outcome.state));
  message.set_detail(outcome.detail);
  message.mutable_done()->Add(outcome.done.begin(), outcome.done.end());
  message.mutable_undone()->Add(outcome.undone.begin(), outcome.undone.end());
  message.mutable_left()->Add(outcome.left.begin(), outcome.left.end());
  message.mutable_not_done()->Add(outcome.not_done.begin(), outcome.not_done.end());
  message.set_target_digest(Text(outcome.target));
  message.set_bytes_pulled(outcome.bytes_pulled);
  return message;
}

}  // namespace

v1::ActionResult ToMessage(const ActionResult& result) {
  v1::ActionResult message;
  *message.mutable_plan() = PlanMessage(result.plan, result.route);
  *message.mutable_outcome() = OutcomeMessage(result.outcome);
  if (result.new_plan) *message.mutable_new_plan() = PlanMessage(*result.new_plan, result.route);
  MakePrintable(message);
  return message;
}

}  // namespace tagdrift::report
