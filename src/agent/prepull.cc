#include <chrono>

#include "created_names.h"
#include "execution.h"
#include "pull_digest.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;

constexpr int kTries = 4;
constexpr std::chrono::seconds kFirstPause(1);
constexpr std::chrono::seconds kVerifyLimit(20);

/// Worth another try: not what the runtime or a host said on purpose.
bool MayPass(const absl::Status& status) {
  return !status.ok() && !absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status) && !absl::IsNotFound(status) &&
         !absl::IsUnauthenticated(status) && !absl::IsPermissionDenied(status) && !absl::IsInvalidArgument(status);
}

absl::Status PullWithRetries(const Execution& execution) {
  absl::Status status = PullDigest(execution);
  std::chrono::seconds pause = kFirstPause;
  for (int i = 1; i < kTries && MayPass(status); ++i, pause *= 2) {
    const SteadyTime next = execution.now() + pause;
    if (next > execution.context.deadline) return status;
    if (!execution.shared.clock.WaitUntil(next, execution.context.stop)) return absl::CancelledError("stopped");
    status = PullDigest(execution);
  }
  return status;
}

absl::Status VerifyPulled(const Execution& execution) {
  const CallContext context = execution.finishing.Verifying(kVerifyLimit);
  auto record = ReadName(execution.shared, execution.digest_name(), context);
  if (!record.ok()) return record.status();
  auto sound = SoundRecord(execution, context);
  if (!sound.ok()) return sound.status();
  if (!*record) return absl::DataLossError("the pull left no name " + execution.digest_name());
  const bool same = (*record)->target_digest == sound->target_digest &&
                    (*record)->target_media_type == sound->target_media_type &&
                    (*record)->target_size == sound->target_size;
  return same ? absl::OkStatus()
              : absl::DataLossError("the pull left a record of another kind: " + (*record)->target_media_type);
}

}  // namespace

report::ActionOutcome DoPrePull(const Execution& execution) {
  report::ActionOutcome outcome;
  outcome.target = execution.plan.from;
  auto created = CreatedNames::Before(execution);
  absl::Status status = created.status();
  if (status.ok()) status = PullWithRetries(execution);
  if (status.ok()) status = VerifyPulled(execution);
  if (status.ok()) {
    outcome.state = ActionState::kDone;
    outcome.done.push_back("pulled " + execution.digest_name());
    outcome.bytes_pulled = execution.plan.bytes_to_come;
    return outcome;
  }
  if (created.ok()) created->TakeBack(execution, outcome);
  outcome.state = absl::IsCancelled(status) ? ActionState::kStopped : ActionState::kFailed;
  outcome.detail = absl::IsCancelled(status) ? "stopped before the content was complete" : text::MessageOf(status);
  return outcome;
}

}  // namespace tagdrift::agent
