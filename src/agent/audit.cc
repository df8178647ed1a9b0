#include "audit.h"

#include <fmt/format.h>

#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;
using report::AuditEvent;

/// What a step changes; empty: nothing.
std::string ChangeOf(const judge::Step& step, const judge::Plan& plan) {
  switch (step.kind) {
    case judge::StepKind::kPull:
      return "pull " + step.subject;
    case judge::StepKind::kRepoint:
      return fmt::format("re-point {} from {} to {}", step.subject, plan.from->text(), plan.to->text());
    case judge::StepKind::kDeleteName:
      return fmt::format("remove the name {}, which points to {}", step.subject, plan.from->text());
    case judge::StepKind::kRemoveImage:
      return fmt::format("remove image {} with its names", step.subject);
    case judge::StepKind::kHold:
    case judge::StepKind::kVerify:
      break;
  }
  return "";
}

const char* StateText(ActionState state) {
  switch (state) {
    case ActionState::kPlanned:
      return "planned";
    case ActionState::kNothingToDo:
      return "nothing to do";
    case ActionState::kDone:
      return "done and verified";
    case ActionState::kRefused:
      return "refused";
    case ActionState::kRaced:
      return "raced";
    case ActionState::kFailed:
      return "failed";
    case ActionState::kStopped:
      return "stopped";
  }
  return "";
}

}  // namespace

absl::Status Audit::Intend(const judge::Plan& plan) {
  std::string changes;
  for (const judge::Step& step : plan.steps) {
    const std::string change = ChangeOf(step, plan);
    if (!change.empty()) changes += (changes.empty() ? "" : "; ") + change;
  }
  return Write(AuditEvent::kIntent, changes, "");
}

void Audit::Conclude(report::ActionOutcome& outcome) {
  std::string detail = outcome.detail;
  for (const std::string& left : outcome.left) detail += (detail.empty() ? "left: " : "; left: ") + left;
  (void)Write(AuditEvent::kOutcome, StateText(outcome.state), detail);
  if (lost_ > 0)
    outcome.not_done.push_back(fmt::format("writing {} line{} of the audit", lost_, lost_ == 1 ? "" : "s"));
}

absl::Status Audit::Write(AuditEvent event, const std::string& change, const std::string& detail) {
  if (!hooks_.audit) return absl::OkStatus();
  absl::Status written = hooks_.audit({.time = clock_.Wall(),
                                       .node = node_,
                                       .requester = request_.requester,
                                       .request_id = request_.request_id,
                                       .action = request_.action,
                                       .reference = request_.reference.Canonical(),
                                       .event = event,
                                       .change = change,
                                       .detail = detail});
  if (!written.ok()) ++lost_;
  return written;
}

bool MayComeTrue(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

AuditedChange::AuditedChange(Audit& audit, std::string change) : audit_(audit), change_(std::move(change)) {
  (void)audit_.Write(AuditEvent::kBegun, change_, "");
}

AuditedChange::~AuditedChange() {
  if (!ended_) End(AuditEvent::kUnsure, "");
}

void AuditedChange::End(const absl::Status& status) {
  const AuditEvent not_done = MayComeTrue(status) ? AuditEvent::kUnsure : AuditEvent::kFailed;
  End(status.ok() ? AuditEvent::kDone : not_done, text::MessageOf(status));
}

void AuditedChange::End(AuditEvent event, const std::string& detail) {
  ended_ = true;
  (void)audit_.Write(event, change_, detail);
}

}  // namespace tagdrift::agent
