#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "find_image.h"
#include "made_names.h"
#include "pull_digest.h"
#include "work.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;

constexpr absl::Duration kHoldTerm = absl::Minutes(10);
constexpr std::chrono::milliseconds kAgreementPause(50);
constexpr char kManagedLabel[] = "io.cri-containerd.image";

std::string Text(const absl::Status& status) { return std::string(status.message()); }

/// One refresh from the pull to the verified tag. Every way out before Repoint leaves the tag alone; every way out
/// after it has either verified the tag or put it back.
class Refresh {
 public:
  explicit Refresh(const Work& work) : work_(work), name_(work.name()) {}
  ~Refresh() {
    // What may yet come true needs its content; the lease expires.
    if (!hold_.empty() && !unsure_) (void)actions().DeleteLease(hold_);
  }
  Refresh(const Refresh&) = delete;
  Refresh& operator=(const Refresh&) = delete;

  report::ActionOutcome Run() {
    outcome_.target = work_.plan.from;
    auto made = MadeNames::Before(work_);
    if (!made.ok()) {
      End({ActionState::kFailed, Text(made.status())});
      return std::move(outcome_);
    }
    const Obstacle obstacle = Prepare();
    End(obstacle ? *obstacle : RepointAndVerify());
    if (outcome_.state != ActionState::kDone && !unsure_) made->TakeBack(work_, outcome_);
    return std::move(outcome_);
  }

 private:
  struct Ending {
    ActionState state;
    std::string detail;
  };
  using Obstacle = std::optional<Ending>;

  node::ContainerdActions& actions() { return *work_.runtime().containerd_actions; }

  static Ending Failure(const absl::Status& status) {
    if (absl::IsCancelled(status)) return {ActionState::kStopped, "stopped before the tag was touched"};
    return {absl::IsAborted(status) ? ActionState::kRaced : ActionState::kFailed, Text(status)};
  }

  /// Everything before the tag is touched.
  Obstacle Prepare() {
    auto watch = actions().WatchImages();
    if (!watch.ok()) return Failure(watch.status());
    watch_ = *std::move(watch);
    if (work_.plan.steps.front().kind == judge::StepKind::kPull) {
      if (absl::Status status = PullDigest(work_); !status.ok()) return Failure(status);
      outcome_.bytes_pulled = work_.plan.bytes_to_come;
      outcome_.done.push_back("pulled " + work_.digest_name());
      work_.Audit("pulled " + work_.digest_name());
    }
    if (absl::Status status = Hold(); !status.ok()) return Failure(status);
    auto record = SoundRecord(work_);
    if (!record.ok()) {
      return Ending{ActionState::kFailed,
                    "the pulled content is not complete, or has gone again: " + Text(record.status())};
    }
    new_record_ = *std::move(record);
    if (work_.stop.stop_requested()) return Failure(absl::CancelledError(""));
    if (absl::Status status = work_.lock.StillHeld(); !status.ok()) return Failure(status);
    return LastLook();
  }

  /// Old content too: without a name left it could go before the tag is put back.
  absl::Status Hold() {
    const std::string id = "tagdrift-hold-" + RandomToken();
    absl::Status status = actions().CreateLease({id, {{"tagdrift.io/hold", name_}}, work_.sources.now() + kHoldTerm});
    if (!status.ok()) return status;
    hold_ = id;
    if (status = actions().HoldContent(hold_, *work_.plan.to); !status.ok()) return status;
    return work_.plan.from ? actions().HoldContent(hold_, *work_.plan.from) : absl::OkStatus();
  }

  Obstacle LastLook() {
    if (absl::Status status = watch_->CatchUp(); !status.ok()) return Failure(status);
    changes_before_ = watch_->ChangesOf(name_).size();
    auto record = work_.runtime().containerd->GetImage(name_);
    if (!record.ok()) return Failure(record.status());
    if (*record && (*record)->target_digest == work_.plan.from->text()) {
      old_record_ = **std::move(record);
      return std::nullopt;
    }
    const std::string now = *record ? "now points to " + (*record)->target_digest : "is gone";
    return Ending{ActionState::kRaced, fmt::format("somebody else changed the tag: it {}; it was left alone", now)};
  }

  Ending RepointAndVerify() {
    absl::Status status = actions().PointTo(name_, new_record_);
    if (!status.ok()) {
      // The answer may have been lost with containerd, so the node is asked what became of it.
      const auto now = ReadName(work_.runtime(), name_);
      const bool took = now.ok() && *now && (*now)->target_digest == new_record_.target_digest &&
                        old_record_.target_digest != new_record_.target_digest;
      if (!now.ok() || (!took && absl::IsDeadlineExceeded(status))) {
        return Unsure(Text(status) + "; whether the tag was re-pointed is not known");
      }
      if (!took) return {absl::IsNotFound(status) ? ActionState::kRaced : ActionState::kFailed, Text(status)};
    }
    repointed_ =
        fmt::format("re-pointed {} from {} to {}", name_, old_record_.target_digest, new_record_.target_digest);
    outcome_.done.push_back(repointed_);
    work_.Audit(repointed_);
    if (work_.hooks.progress) {
      work_.hooks.progress({name_, ActionProgress::Phase::kVerifying, 0, 0});
    }
    if (absl::Status wrong = Verify(); !wrong.ok()) return PutBack(wrong);
    return CheckForRace();
  }

  /// containerd may have done, or may still do, what it was asked: nothing that the tag might need is taken away.
  Ending Unsure(std::string why) {
    unsure_ = true;
    outcome_.left.push_back("perhaps the tag at " + new_record_.target_digest);
    return {ActionState::kFailed, std::move(why)};
  }

  bool IsAsMade(const std::optional<node::ImageRecord>& record) const {
    return record && record->target_digest == new_record_.target_digest;
  }

  /// The CRI follows by events, within milliseconds as a rule. A race is for CheckForRace to tell.
  absl::Status Verify() {
    const auto record = ReadName(work_.runtime(), name_);
    if (!record.ok()) return record.status();
    if (!IsAsMade(*record)) return absl::OkStatus();
    auto missing = MissingHere(work_.runtime(), work_.sources.platform, *work_.plan.to);
    if (!missing.ok()) return missing.status();
    if (!missing->empty()) return absl::DataLossError("the new content went away meanwhile: " + *missing);
    absl::StatusOr<std::optional<node::CriImage>> seen = std::nullopt;
    const absl::Time give_up = absl::Now() + work_.request.patience;
    while (absl::Now() < give_up) {
      seen = work_.runtime().cri->ImageStatus(name_);
      if (seen.ok() && *seen && (*seen)->id == work_.plan.image_id) return absl::OkStatus();
      if (const auto now = ReadName(work_.runtime(), name_); now.ok() && !IsAsMade(*now)) return absl::OkStatus();
      std::this_thread::sleep_for(kAgreementPause);
    }
    if (!seen.ok()) return seen.status();
    return absl::DataLossError(fmt::format("the CRI resolves the tag to {}, not to {}", *seen ? (*seen)->id : "nothing",
                                           work_.plan.image_id.value_or("an image")));
  }

  /// Only if it still is as this action made it.
  Ending PutBack(const absl::Status& wrong) {
    const auto now = ReadName(work_.runtime(), name_);
    if (!now.ok()) {
      return Unsure(Text(wrong) + "; the tag could not be put back: " + Text(now.status()));
    }
    if (!IsAsMade(*now)) return CheckForRace();
    if (absl::Status status = actions().PointTo(name_, old_record_); !status.ok()) {
      return Unsure(Text(wrong) + "; the tag could not be put back: " + Text(status));
    }
    std::erase(outcome_.done, repointed_);
    outcome_.undone.push_back("re-pointed " + name_ + " back to " + old_record_.target_digest);
    work_.Audit(outcome_.undone.back());
    return {ActionState::kFailed, Text(wrong) + "; the tag was put back"};
  }

  /// Between last look and now one change is this action's own. The CRI adds its label to a name that lacks it, which
  /// is a second one.
  Ending CheckForRace() {
    const auto now = ReadName(work_.runtime(), name_);
    if (!now.ok()) return Unsure(Text(now.status()));
    if (!*now) return {ActionState::kRaced, "somebody else removed the tag after it was re-pointed"};
    if ((*now)->target_digest != new_record_.target_digest) {
      return {ActionState::kRaced, "somebody else moved the tag to " + (*now)->target_digest};
    }
    if (absl::Status status = watch_->CatchUp(); !status.ok()) {
      return {ActionState::kRaced, "changes by others could not be watched: " + Text(status)};
    }
    const std::size_t allowed = old_record_.labels.contains(kManagedLabel) ? 1 : 2;
    if (watch_->ChangesOf(name_).size() - changes_before_ > allowed) {
      return {ActionState::kRaced,
              "somebody else changed the tag at the same time; it now points to " + (*now)->target_digest};
    }
    return {ActionState::kDone, ""};
  }

  /// The outcome is what the node says last: a change after the verification is still one by others.
  void End(Ending ending) {
    outcome_.state = ending.state;
    outcome_.detail = std::move(ending.detail);
    const auto now = ReadName(work_.runtime(), name_);
    outcome_.target.reset();
    if (now.ok() && *now) {
      const auto digest = image::Digest::Parse((*now)->target_digest);
      if (digest.ok()) outcome_.target = *digest;
    }
    if (outcome_.state != ActionState::kDone || outcome_.target == work_.plan.to) return;
    outcome_.state = now.ok() ? ActionState::kRaced : ActionState::kFailed;
    outcome_.detail = now.ok() ? "somebody else changed the tag after it was verified" : Text(now.status());
  }

  const Work& work_;
  std::string name_;
  report::ActionOutcome outcome_;
  std::unique_ptr<node::ImageWatch> watch_;
  std::string hold_;
  node::ImageRecord new_record_;
  node::ImageRecord old_record_;
  std::size_t changes_before_ = 0;
  std::string repointed_;  ///< as it stands in the outcome
  bool unsure_ = false;
};

}  // namespace

report::ActionOutcome DoRefresh(const Work& work) { return Refresh(work).Run(); }

}  // namespace tagdrift::agent
