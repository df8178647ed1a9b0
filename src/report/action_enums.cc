#include "action_enums.h"

namespace tagdrift::report {

v1::Action ToProto(judge::ActionKind kind) {
  switch (kind) {
    case judge::ActionKind::kRefresh:
      return v1::ACTION_REFRESH;
    case judge::ActionKind::kPrePull:
      return v1::ACTION_PREPULL;
    case judge::ActionKind::kEvict:
      return v1::ACTION_EVICT;
  }
  return v1::ACTION_UNSPECIFIED;
}

v1::StepKind ToProto(judge::StepKind kind) {
  switch (kind) {
    case judge::StepKind::kPull:
      return v1::STEP_KIND_PULL;
    case judge::StepKind::kHold:
      return v1::STEP_KIND_HOLD;
    case judge::StepKind::kRepoint:
      return v1::STEP_KIND_REPOINT;
    case judge::StepKind::kVerify:
      return v1::STEP_KIND_VERIFY;
    case judge::StepKind::kDeleteName:
      return v1::STEP_KIND_DELETE_NAME;
    case judge::StepKind::kRemoveImage:
      return v1::STEP_KIND_REMOVE_IMAGE;
  }
  return v1::STEP_KIND_UNSPECIFIED;
}

v1::RefusalKind ToProto(judge::RefusalKind kind) {
  switch (kind) {
    case judge::RefusalKind::kNoImageStore:
      return v1::REFUSAL_KIND_NO_IMAGE_STORE;
    case judge::RefusalKind::kByDigest:
      return v1::REFUSAL_KIND_BY_DIGEST;
    case judge::RefusalKind::kNotCached:
      return v1::REFUSAL_KIND_NOT_CACHED;
    case judge::RefusalKind::kLocal:
      return v1::REFUSAL_KIND_LOCAL;
    case judge::RefusalKind::kGone:
      return v1::REFUSAL_KIND_GONE;
    case judge::RefusalKind::kOriginUnknown:
      return v1::REFUSAL_KIND_ORIGIN_UNKNOWN;
    case judge::RefusalKind::kGoingBack:
      return v1::REFUSAL_KIND_GOING_BACK;
    case judge::RefusalKind::kWrongPlatform:
      return v1::REFUSAL_KIND_WRONG_PLATFORM;
    case judge::RefusalKind::kNotDeliverable:
      return v1::REFUSAL_KIND_NOT_DELIVERABLE;
    case judge::RefusalKind::kPrivateImage:
      return v1::REFUSAL_KIND_PRIVATE_IMAGE;
    case judge::RefusalKind::kDiskTooFull:
      return v1::REFUSAL_KIND_DISK_TOO_FULL;
    case judge::RefusalKind::kInUse:
      return v1::REFUSAL_KIND_IN_USE;
    case judge::RefusalKind::kPinned:
      return v1::REFUSAL_KIND_PINNED;
    case judge::RefusalKind::kSandboxImage:
      return v1::REFUSAL_KIND_SANDBOX_IMAGE;
    case judge::RefusalKind::kProtected:
      return v1::REFUSAL_KIND_PROTECTED;
    case judge::RefusalKind::kPullNotProven:
      return v1::REFUSAL_KIND_PULL_NOT_PROVEN;
    case judge::RefusalKind::kBusy:
      return v1::REFUSAL_KIND_BUSY;
    case judge::RefusalKind::kNoSuchDigest:
      return v1::REFUSAL_KIND_NO_SUCH_DIGEST;
    case judge::RefusalKind::kNotOfRepository:
      return v1::REFUSAL_KIND_NOT_OF_REPOSITORY;
    case judge::RefusalKind::kNoAudit:
      return v1::REFUSAL_KIND_NO_AUDIT;
  }
  return v1::REFUSAL_KIND_UNSPECIFIED;
}

v1::AuditEvent ToProto(AuditEvent event) {
  switch (event) {
    case AuditEvent::kIntent:
      return v1::AUDIT_EVENT_INTENT;
    case AuditEvent::kBegun:
      return v1::AUDIT_EVENT_BEGUN;
    case AuditEvent::kDone:
      return v1::AUDIT_EVENT_DONE;
    case AuditEvent::kFailed:
      return v1::AUDIT_EVENT_FAILED;
    case AuditEvent::kUnsure:
      return v1::AUDIT_EVENT_UNSURE;
    case AuditEvent::kOutcome:
      return v1::AUDIT_EVENT_OUTCOME;
  }
  return v1::AUDIT_EVENT_UNSPECIFIED;
}

v1::Durable ToProto(judge::Durable durable) {
  switch (durable) {
    case judge::Durable::kYes:
      return v1::DURABLE_YES;
    case judge::Durable::kNo:
      return v1::DURABLE_NO;
    case judge::Durable::kUnknown:
      return v1::DURABLE_UNKNOWN;
  }
  return v1::DURABLE_UNSPECIFIED;
}

v1::ActionState ToProto(ActionState state) {
  switch (state) {
    case ActionState::kPlanned:
      return v1::ACTION_STATE_PLANNED;
    case ActionState::kNothingToDo:
      return v1::ACTION_STATE_NOTHING_TO_DO;
    case ActionState::kDone:
      return v1::ACTION_STATE_DONE;
    case ActionState::kRefused:
      return v1::ACTION_STATE_REFUSED;
    case ActionState::kRaced:
      return v1::ACTION_STATE_RACED;
    case ActionState::kFailed:
      return v1::ACTION_STATE_FAILED;
    case ActionState::kStopped:
      return v1::ACTION_STATE_STOPPED;
  }
  return v1::ACTION_STATE_UNSPECIFIED;
}

}  // namespace tagdrift::report
