#include <chrono>
#include <condition_variable>
#include <mutex>

#include "find_image.h"
#include "made_names.h"
#include "pull_digest.h"
#include "work.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;

constexpr int kTries = 4;
constexpr std::chrono::seconds kFirstPause(1);

/// Worth another try: not what the runtime or a host said on purpose.
bool MayPass(const absl::Status& status) {
  return !status.ok() && !absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status) && !absl::IsNotFound(status) &&
         !absl::IsUnauthenticated(status) && !absl::IsPermissionDenied(status) && !absl::IsInvalidArgument(status);
}

void Pause(std::chrono::seconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
}

absl::Status PullWithRetries(const Work& work) {
  absl::Status status = PullDigest(work);
  std::chrono::seconds pause = kFirstPause;
  for (int i = 1; i < kTries && MayPass(status); ++i, pause *= 2) {
    Pause(pause, work.stop);
    if (work.stop.stop_requested()) return absl::CancelledError("stopped");
    status = PullDigest(work);
  }
  return status;
}

absl::Status VerifyPulled(const Work& work) {
  auto record = ReadName(work.runtime(), work.digest_name());
  if (!record.ok()) return record.status();
  auto sound = SoundRecord(work);
  if (!sound.ok()) return sound.status();
  if (!*record) return absl::DataLossError("the pull left no name " + work.digest_name());
  const bool same = (*record)->target_digest == sound->target_digest &&
                    (*record)->target_media_type == sound->target_media_type &&
                    (*record)->target_size == sound->target_size;
  return same ? absl::OkStatus()
              : absl::DataLossError("the pull left a record of another kind: " + (*record)->target_media_type);
}

}  // namespace

report::ActionOutcome DoPrePull(const Work& work) {
  report::ActionOutcome outcome;
  outcome.target = work.plan.from;
  auto made = MadeNames::Before(work);
  absl::Status status = made.status();
  if (status.ok()) status = PullWithRetries(work);
  if (status.ok()) {
    work.Audit("pulled " + work.digest_name());
    status = VerifyPulled(work);
  }
  if (status.ok()) {
    outcome.state = ActionState::kDone;
    outcome.done.push_back("pulled " + work.digest_name());
    outcome.bytes_pulled = work.plan.bytes_to_come;
    return outcome;
  }
  if (made.ok()) made->TakeBack(work, outcome);
  outcome.state = absl::IsCancelled(status) ? ActionState::kStopped : ActionState::kFailed;
  outcome.detail =
      absl::IsCancelled(status) ? "stopped before the content was complete" : std::string(status.message());
  return outcome;
}

}  // namespace tagdrift::agent
