#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "execution.h"
#include "image_holders.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;
using report::AuditEvent;

constexpr std::chrono::milliseconds kAgreementPause(50);
constexpr std::chrono::seconds kStepLimit(20);

class Evict {
 public:
  explicit Evict(const Execution& execution) : execution_(execution), name_(execution.name()) {}

  report::ActionOutcome Run() {
    auto [state, detail] = DeleteAndVerify();
    outcome_.state = state;
    outcome_.detail = std::move(detail);
    const auto now = ReadName(execution_.shared, name_, execution_.finishing.LastLook());
    if (now.ok() && *now) {
      if (const auto digest = image::Digest::Parse((*now)->target_digest); digest.ok()) outcome_.target = *digest;
      if (outcome_.state == ActionState::kDone) {
        outcome_.state = ActionState::kRaced;
        outcome_.detail = "somebody else made the tag again after it was removed";
      }
    }
    return std::move(outcome_);
  }

 private:
  using Ending = std::pair<ActionState, std::string>;

  static Ending Failure(const absl::Status& status) {
    if (absl::IsCancelled(status)) return {ActionState::kStopped, "stopped before the tag was touched"};
    return {ActionState::kFailed, text::MessageOf(status)};
  }

  /// For a step after the name was removed.
  CallContext Verifying() const { return execution_.finishing.Verifying(kStepLimit); }

  Ending DeleteAndVerify() {
    const CallContext& context = execution_.context;
    auto watch = execution_.runtime().containerd_actions->WatchImages(context);
    if (!watch.ok()) return Failure(watch.status());
    if (absl::Status held = execution_.lock.StillHeld(context); !held.ok()) return Failure(held);
    auto users = NewUsers(context);
    if (!users.ok()) return Failure(users.status());
    if (!users->empty()) return {ActionState::kRaced, "meanwhile a container came to use the image: " + *users};
    if (absl::Status status = (*watch)->CatchUp(context); !status.ok()) return Failure(status);
    const std::size_t before = (*watch)->ChangesOf(name_).size();
    const auto record = execution_.runtime().containerd->GetImage(name_, context);
    if (!record.ok()) return Failure(record.status());
    if (context.stop.stop_requested()) return Failure(absl::CancelledError(""));
    if (!*record) return {ActionState::kRaced, "somebody else removed the tag"};
    if ((*record)->target_digest != execution_.plan.from->text()) {
      return {ActionState::kRaced,
              "somebody else moved the tag to " + (*record)->target_digest + "; it was left alone"};
    }
    if (auto obstacle = Delete()) return *std::move(obstacle);
    if (!AwaitCri())
      return {ActionState::kFailed, "the name is gone from containerd's store, but the CRI still resolves it"};
    if (absl::Status status = (*watch)->CatchUp(Verifying()); !status.ok()) {
      return {ActionState::kRaced, "changes by others could not be watched: " + text::MessageOf(status)};
    }
    if ((*watch)->ChangesOf(name_).size() - before > 1) {
      return {ActionState::kRaced, "somebody else changed the tag at the same time"};
    }
    const Ending freed = Free();
    if (freed.first != ActionState::kDone || outcome_.done.size() < 2) return freed;
    // The CRI takes every name, one that was made at the last moment too.
    const absl::Status seen = (*watch)->CatchUp(Verifying());
    if (seen.ok() && (*watch)->ChangesOf(name_).size() - before == 1) return freed;
    return {ActionState::kRaced, "somebody else made the tag again while its image was being removed, and lost it"};
  }

  /// Nothing: the name was removed.
  std::optional<Ending> Delete() {
    AuditedChange change(execution_.audit,
                         fmt::format("remove the name {}, which points to {}", name_, execution_.plan.from->text()));
    auto deleted = execution_.runtime().containerd_actions->DeleteName(name_, *execution_.plan.from, Verifying());
    if (MayComeTrue(deleted.status())) deleted = WhatBecameOfIt(deleted.status());
    if (!deleted.ok()) {
      change.End(outcome_.left.empty() ? AuditEvent::kFailed : AuditEvent::kUnsure, text::MessageOf(deleted.status()));
      return Ending{ActionState::kFailed, text::MessageOf(deleted.status())};
    }
    if (!*deleted) {
      change.End(AuditEvent::kFailed, "somebody else moved or removed it");
      return Ending{ActionState::kRaced, "somebody else moved or removed the tag; it was left alone"};
    }
    change.End(absl::OkStatus());
    outcome_.done.push_back("removed the name " + name_);
    return std::nullopt;
  }

  /// Containers of the image that the plan did not know.
  absl::StatusOr<std::string> NewUsers(const CallContext& context) {
    if (!execution_.plan.image_id) return std::string();
    const auto holders = HoldersOf(*execution_.runtime().cri, *execution_.plan.image_id, context);
    if (!holders.ok()) return holders.status();
    if (holders->size() <= static_cast<std::size_t>(execution_.facts.image_holders)) return std::string();
    const node::CriContainer& last = holders->back();
    return last.name.empty() ? last.id : last.name;
  }

  absl::StatusOr<bool> WhatBecameOfIt(const absl::Status& status) {
    const auto now = ReadName(execution_.shared, name_, execution_.finishing.LastLook());
    if (now.ok() && !*now) return true;
    if (absl::IsUnavailable(status) && now.ok()) {
      return absl::UnavailableError("containerd went away; the name is still there");
    }
    outcome_.left.push_back("perhaps the removal of " + name_ + ": containerd may still carry it out");
    return now.ok() ? status : now.status();
  }

  /// True also when somebody else made the name again, which the watch tells.
  bool AwaitCri() {
    const CallContext context =
        execution_.finishing.Verifying(absl::ToChronoNanoseconds(execution_.request.cri_settle_timeout));
    do {
      const auto seen = execution_.runtime().cri->ImageStatus(name_, context);
      if (seen.ok() && !*seen) return true;
      if (const auto now = ReadName(execution_.shared, name_, context); now.ok() && *now) return true;
    } while (!context.Ended(execution_.now()) &&
             execution_.shared.clock.WaitUntil(execution_.now() + kAgreementPause, context.stop));
    return false;
  }

  Ending Free() {
    const auto step = std::find_if(execution_.plan.steps.begin(), execution_.plan.steps.end(),
                                   [](const judge::Step& one) { return one.kind == judge::StepKind::kRemoveImage; });
    if (step == execution_.plan.steps.end()) return {ActionState::kDone, ""};
    if (auto why = StillShared(step->subject); !why.empty()) {
      outcome_.not_done.push_back("removing image " + step->subject);
      return {ActionState::kDone, "the image stays: " + why};
    }
    AuditedChange change(execution_.audit, "remove image " + step->subject + " with its names");
    absl::Status status = execution_.runtime().cri_actions->RemoveImage(step->subject, Verifying());
    if (!status.ok()) {
      // Collecting the content can take longer than the answer may; the names go first.
      const auto image = execution_.runtime().cri->ImageStatus(step->subject, execution_.finishing.Undoing());
      if (image.ok() && !*image) status = absl::OkStatus();
    }
    if (!status.ok()) {
      const std::string partly = NamesOfPartialRemoval();
      change.End(MayComeTrue(status) ? AuditEvent::kUnsure : AuditEvent::kFailed, text::MessageOf(status) + partly);
      outcome_.not_done.push_back("removing image " + step->subject);
      return {ActionState::kFailed, text::MessageOf(status) + partly};
    }
    change.End(absl::OkStatus());
    outcome_.done.push_back("removed image " + step->subject + " with its names");
    return {ActionState::kDone, ""};
  }

  /// The CRI removes the names of an image one after the other: adds those that are gone to what was done, and answers
  /// which stay ("; these names stay: …").
  std::string NamesOfPartialRemoval() {
    const auto records = execution_.runtime().containerd->ListImages(execution_.finishing.Undoing());
    if (!records.ok()) return "; which of its names are gone is not known";
    std::string stay;
    for (const std::string& name : execution_.plan.names_go) {
      if (name == name_) continue;
      const bool here = std::any_of(records->begin(), records->end(),
                                    [&](const node::ImageRecord& record) { return record.name == name; });
      if (here) {
        stay += (stay.empty() ? "; these names stay: " : ", ") + name;
      } else {
        outcome_.done.push_back("removed the name " + name);
      }
    }
    return stay;
  }

  /// The CRI's removal takes every name, so it is looked once more.
  std::string StillShared(const std::string& id) {
    auto users = NewUsers(Verifying());
    if (!users.ok()) return text::MessageOf(users.status());
    if (!users->empty()) return "a container came to use it: " + *users;
    const auto image = execution_.runtime().cri->ImageStatus(id, Verifying());
    if (!image.ok()) return text::MessageOf(image.status());
    if (!*image) return "";
    if (!(*image)->repo_tags.empty()) return "it has the tag " + (*image)->repo_tags.front();
    for (const std::string& name : (*image)->repo_digests) {
      if (!IsListed(name)) return "it has the name " + name;
    }
    const auto records = execution_.runtime().containerd->ListImages(Verifying());
    if (!records.ok()) return text::MessageOf(records.status());
    for (const node::ImageRecord& record : *records) {
      const bool same = record.target_digest == execution_.plan.from->text();
      if (same && !IsListed(record.name)) return "it has the name " + record.name;
    }
    return "";
  }

  bool IsListed(const std::string& name) const {
    return std::find(execution_.plan.names_go.begin(), execution_.plan.names_go.end(), name) !=
           execution_.plan.names_go.end();
  }

  const Execution& execution_;
  std::string name_;
  report::ActionOutcome outcome_;
};

}  // namespace

report::ActionOutcome DoEvict(const Execution& execution) { return Evict(execution).Run(); }

}  // namespace tagdrift::agent
