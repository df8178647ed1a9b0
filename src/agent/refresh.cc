#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "content_names.h"
#include "created_names.h"
#include "execution.h"
#include "pull_digest.h"
#include "tagdrift/text/text.h"
#include "wanted_image.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;

constexpr absl::Duration kHoldDuration = absl::Minutes(10);
constexpr std::chrono::seconds kStepLimit(20);
constexpr std::chrono::milliseconds kAgreementPause(50);
constexpr char kManagedLabel[] = "io.cri-containerd.image";

/// One refresh from the pull to the verified tag. Every way out before Repoint leaves the tag alone; every way out
/// after it has either verified the tag or put it back.
class Refresh {
 public:
  explicit Refresh(const Execution& execution) : execution_(execution), name_(execution.name()) {}
  ~Refresh() {
    // What may yet come true needs its content; the lease expires.
    if (!hold_.empty() && !unsure_) (void)actions().DeleteLease(hold_, execution_.finishing.Undoing());
  }
  Refresh(const Refresh&) = delete;
  Refresh& operator=(const Refresh&) = delete;

  report::ActionOutcome Run() {
    outcome_.target = execution_.plan.from;
    auto created = CreatedNames::Before(execution_);
    if (!created.ok()) {
      End(Failure(created.status()));
      return std::move(outcome_);
    }
    const Obstacle obstacle = Prepare();
    End(obstacle ? *obstacle : RepointAndVerify());
    if (outcome_.state != ActionState::kDone && !unsure_) created->TakeBack(execution_, outcome_);
    return std::move(outcome_);
  }

 private:
  struct Ending {
    ActionState state;
    std::string detail;
  };
  using Obstacle = std::optional<Ending>;

  node::ContainerdActions& actions() { return *execution_.runtime().containerd_actions; }

  static Ending Failure(const absl::Status& status) {
    if (absl::IsCancelled(status)) return {ActionState::kStopped, "stopped before the tag was touched"};
    return {absl::IsAborted(status) ? ActionState::kRaced : ActionState::kFailed, text::MessageOf(status)};
  }

  /// For a step after the tag was touched.
  CallContext Verifying() const { return execution_.finishing.Verifying(kStepLimit); }

  /// Everything before the tag is touched.
  Obstacle Prepare() {
    const CallContext& context = execution_.context;
    auto watch = actions().WatchImages(context);
    if (!watch.ok()) return Failure(watch.status());
    watch_ = *std::move(watch);
    if (execution_.plan.steps.front().kind == judge::StepKind::kPull) {
      if (absl::Status status = PullDigest(execution_); !status.ok()) return Failure(status);
      outcome_.bytes_pulled = execution_.plan.bytes_to_come;
      outcome_.done.push_back("pulled " + execution_.digest_name());
    }
    if (absl::Status status = Hold(); !status.ok()) return Failure(status);
    auto record = SoundRecord(execution_, context);
    if (absl::IsCancelled(record.status())) return Failure(record.status());
    if (!record.ok()) {
      return Ending{ActionState::kFailed,
                    "the pulled content is not complete, or has gone again: " + text::MessageOf(record.status())};
    }
    new_record_ = *std::move(record);
    if (absl::Status status = NameContent(execution_, new_record_); !status.ok()) return Failure(status);
    if (absl::Status status = execution_.lock.StillHeld(context); !status.ok()) return Failure(status);
    Obstacle obstacle = LastLook();
    if (!obstacle && context.stop.stop_requested()) return Failure(absl::CancelledError(""));
    return obstacle;
  }

  /// Old content too: without a name left it could go before the tag is put back.
  absl::Status Hold() {
    const std::string id = "tagdrift-hold-" + RandomToken();
    const CallContext& context = execution_.context;
    hold_ = id;  // the answer may be lost, and the lease be there
    absl::Status status = actions().CreateLease(
        {id, {{"tagdrift.io/hold", name_}}, execution_.shared.clock.Wall() + kHoldDuration}, context);
    if (!status.ok()) return status;
    if (status = actions().HoldContent(hold_, *execution_.plan.to, context); !status.ok()) return status;
    return execution_.plan.from ? actions().HoldContent(hold_, *execution_.plan.from, context) : absl::OkStatus();
  }

  Obstacle LastLook() {
    const CallContext& context = execution_.context;
    if (absl::Status status = watch_->CatchUp(context); !status.ok()) return Failure(status);
    changes_before_ = watch_->ChangesOf(name_).size();
    auto record = execution_.runtime().containerd->GetImage(name_, context);
    if (!record.ok()) return Failure(record.status());
    if (*record && (*record)->target_digest == execution_.plan.from->text()) {
      old_record_ = **std::move(record);
      return std::nullopt;
    }
    const std::string now = *record ? "now points to " + (*record)->target_digest : "is gone";
    return Ending{ActionState::kRaced, fmt::format("somebody else changed the tag: it {}; it was left alone", now)};
  }

  std::string MoveText(const node::ImageRecord& from, const node::ImageRecord& to) const {
    return fmt::format("{} from {} to {}", name_, from.target_digest, to.target_digest);
  }

  Ending RepointAndVerify() {
    AuditedChange change(execution_.audit, "re-point " + MoveText(old_record_, new_record_));
    absl::Status status = actions().PointTo(name_, new_record_, Verifying());
    if (!status.ok()) {
      // The answer may have been lost with containerd, so the node is asked what became of it.
      const auto now = ReadName(execution_.shared, name_, execution_.finishing.LastLook());
      const bool took = now.ok() && *now && (*now)->target_digest == new_record_.target_digest &&
                        old_record_.target_digest != new_record_.target_digest;
      const bool may_come = absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
      if (!now.ok() || (!took && may_come)) {
        change.End(report::AuditEvent::kUnsure, text::MessageOf(status));
        return Unsure(text::MessageOf(status) + "; whether the tag was re-pointed is not known");
      }
      if (!took) {
        change.End(report::AuditEvent::kFailed, text::MessageOf(status));
        return {absl::IsNotFound(status) ? ActionState::kRaced : ActionState::kFailed, text::MessageOf(status)};
      }
    }
    change.End(absl::OkStatus());
    repointed_ = "re-pointed " + MoveText(old_record_, new_record_);
    outcome_.done.push_back(repointed_);
    if (execution_.hooks.progress) {
      execution_.hooks.progress({name_, ActionProgress::Phase::kVerifying, 0, 0});
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

  bool IsAsCreated(const std::optional<node::ImageRecord>& record) const {
    return record && record->target_digest == new_record_.target_digest;
  }

  /// The CRI follows by events, within milliseconds as a rule. A race is for CheckForRace to tell.
  absl::Status Verify() {
    const auto record = ReadName(execution_.shared, name_, Verifying());
    if (!record.ok()) return record.status();
    if (!IsAsCreated(*record)) return absl::OkStatus();
    auto missing = MissingHere(execution_.runtime(), execution_.platform(), *execution_.plan.to, Verifying());
    if (!missing.ok()) return missing.status();
    if (!missing->empty()) return absl::DataLossError("the new content went away meanwhile: " + *missing);
    absl::StatusOr<std::optional<node::CriImage>> seen = std::nullopt;
    const CallContext context =
        execution_.finishing.Verifying(absl::ToChronoNanoseconds(execution_.request.cri_settle_timeout));
    do {
      seen = execution_.runtime().cri->ImageStatus(name_, context);
      if (seen.ok() && *seen && (*seen)->id == execution_.plan.image_id) return absl::OkStatus();
      const auto now = ReadName(execution_.shared, name_, context);
      if (now.ok() && !IsAsCreated(*now)) return absl::OkStatus();
    } while (!context.Ended(execution_.now()) &&
             execution_.shared.clock.WaitUntil(execution_.now() + kAgreementPause, context.stop));
    if (!seen.ok()) return seen.status();
    return absl::DataLossError(fmt::format("the CRI resolves the tag to {}, not to {}", *seen ? (*seen)->id : "nothing",
                                           execution_.plan.image_id.value_or("an image")));
  }

  /// Only if it still is as this action made it.
  Ending PutBack(const absl::Status& wrong) {
    const auto now = ReadName(execution_.shared, name_, execution_.finishing.LastLook());
    if (!now.ok()) {
      return Unsure(text::MessageOf(wrong) + "; the tag could not be put back: " + text::MessageOf(now.status()));
    }
    if (!IsAsCreated(*now)) return CheckForRace();
    AuditedChange change(execution_.audit, "put back " + MoveText(new_record_, old_record_));
    const absl::Status status = actions().PointTo(name_, old_record_, execution_.finishing.Undoing());
    change.End(status);
    if (!status.ok()) {
      return Unsure(text::MessageOf(wrong) + "; the tag could not be put back: " + text::MessageOf(status));
    }
    std::erase(outcome_.done, repointed_);
    outcome_.undone.push_back("re-pointed " + name_ + " back to " + old_record_.target_digest);
    return {ActionState::kFailed, text::MessageOf(wrong) + "; the tag was put back"};
  }

  /// Between last look and now one change is this action's own. The CRI adds its label to a name that lacks it, which
  /// is a second one.
  Ending CheckForRace() {
    const auto now = ReadName(execution_.shared, name_, execution_.finishing.LastLook());
    if (!now.ok()) return Unsure(text::MessageOf(now.status()));
    if (!*now) return {ActionState::kRaced, "somebody else removed the tag after it was re-pointed"};
    if ((*now)->target_digest != new_record_.target_digest) {
      return {ActionState::kRaced, "somebody else moved the tag to " + (*now)->target_digest};
    }
    if (absl::Status status = watch_->CatchUp(Verifying()); !status.ok()) {
      return {ActionState::kRaced, "changes by others could not be watched: " + text::MessageOf(status)};
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
    const auto now = ReadName(execution_.shared, name_, execution_.finishing.LastLook());
    outcome_.target.reset();
    if (now.ok() && *now) {
      const auto digest = image::Digest::Parse((*now)->target_digest);
      if (digest.ok()) outcome_.target = *digest;
    }
    if (outcome_.state != ActionState::kDone || outcome_.target == execution_.plan.to) return;
    outcome_.state = now.ok() ? ActionState::kRaced : ActionState::kFailed;
    outcome_.detail = now.ok() ? "somebody else changed the tag after it was verified" : text::MessageOf(now.status());
  }

  const Execution& execution_;
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

report::ActionOutcome DoRefresh(const Execution& execution) { return Refresh(execution).Run(); }

}  // namespace tagdrift::agent
