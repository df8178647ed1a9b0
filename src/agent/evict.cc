#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "holders.h"
#include "work.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;

constexpr std::chrono::milliseconds kAgreementPause(50);

std::string Text(const absl::Status& status) { return std::string(status.message()); }

class Evict {
 public:
  explicit Evict(const Work& work) : work_(work), name_(work.name()) {}

  report::ActionOutcome Run() {
    auto [state, detail] = DeleteAndVerify();
    outcome_.state = state;
    outcome_.detail = std::move(detail);
    const auto now = ReadName(work_.runtime(), name_);
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

  Ending DeleteAndVerify() {
    auto watch = work_.runtime().containerd_actions->WatchImages();
    if (!watch.ok()) return {ActionState::kFailed, Text(watch.status())};
    if (work_.stop.stop_requested()) return {ActionState::kStopped, "stopped before the tag was touched"};
    if (absl::Status held = work_.lock.StillHeld(); !held.ok()) return {ActionState::kFailed, Text(held)};
    auto users = NewUsers();
    if (!users.ok()) return {ActionState::kFailed, Text(users.status())};
    if (!users->empty()) return {ActionState::kRaced, "meanwhile a container came to use the image: " + *users};
    if (absl::Status status = (*watch)->CatchUp(); !status.ok()) return {ActionState::kFailed, Text(status)};
    const std::size_t before = (*watch)->ChangesOf(name_).size();
    const auto record = work_.runtime().containerd->GetImage(name_);
    if (!record.ok()) return {ActionState::kFailed, Text(record.status())};
    if (!*record) return {ActionState::kRaced, "somebody else removed the tag"};
    if ((*record)->target_digest != work_.plan.from->text()) {
      return {ActionState::kRaced,
              "somebody else moved the tag to " + (*record)->target_digest + "; it was left alone"};
    }
    auto deleted = work_.runtime().containerd_actions->DeleteName(name_, *work_.plan.from);
    if (absl::IsUnavailable(deleted.status()) || absl::IsDeadlineExceeded(deleted.status())) {
      deleted = WhatBecameOfIt(deleted.status());
    }
    if (!deleted.ok()) return {ActionState::kFailed, Text(deleted.status())};
    if (!*deleted) return {ActionState::kRaced, "somebody else moved or removed the tag; it was left alone"};
    outcome_.done.push_back("removed the name " + name_);
    work_.Audit(fmt::format("removed the name {}, which pointed to {}", name_, work_.plan.from->text()));
    if (!AwaitCri())
      return {ActionState::kFailed, "the name is gone from containerd's store, but the CRI still resolves it"};
    if (absl::Status status = (*watch)->CatchUp(); !status.ok()) {
      return {ActionState::kRaced, "changes by others could not be watched: " + Text(status)};
    }
    if ((*watch)->ChangesOf(name_).size() - before > 1) {
      return {ActionState::kRaced, "somebody else changed the tag at the same time"};
    }
    const Ending freed = Free();
    if (outcome_.done.size() < 2) return freed;
    // The CRI takes every name, one that was made at the last moment too.
    const absl::Status seen = (*watch)->CatchUp();
    if (seen.ok() && (*watch)->ChangesOf(name_).size() - before == 1) return freed;
    return {ActionState::kRaced, "somebody else made the tag again while its image was being removed, and lost it"};
  }

  /// Containers of the image that the plan did not know.
  absl::StatusOr<std::string> NewUsers() {
    if (!work_.plan.image_id) return std::string();
    const auto holders = HoldersOf(*work_.runtime().cri, *work_.plan.image_id);
    if (!holders.ok()) return holders.status();
    if (holders->size() <= static_cast<std::size_t>(work_.facts.image_holders)) return std::string();
    const node::CriContainer& last = holders->back();
    return last.name.empty() ? last.id : last.name;
  }

  absl::StatusOr<bool> WhatBecameOfIt(const absl::Status& status) {
    const auto now = ReadName(work_.runtime(), name_);
    if (now.ok() && !*now) return true;
    if (absl::IsUnavailable(status) && now.ok()) {
      return absl::UnavailableError("containerd went away; the name is still there");
    }
    outcome_.left.push_back("perhaps the removal of " + name_ + ": containerd may still carry it out");
    return now.ok() ? status : now.status();
  }

  /// True also when somebody else made the name again, which the watch tells.
  bool AwaitCri() {
    const absl::Time give_up = absl::Now() + work_.request.patience;
    while (absl::Now() < give_up) {
      const auto seen = work_.runtime().cri->ImageStatus(name_);
      if (seen.ok() && !*seen) return true;
      if (const auto now = ReadName(work_.runtime(), name_); now.ok() && *now) return true;
      std::this_thread::sleep_for(kAgreementPause);
    }
    return false;
  }

  Ending Free() {
    const auto step = std::find_if(work_.plan.steps.begin(), work_.plan.steps.end(),
                                   [](const judge::Step& one) { return one.kind == judge::StepKind::kRemoveImage; });
    if (step == work_.plan.steps.end()) return {ActionState::kDone, ""};
    if (auto why = StillShared(step->subject); !why.empty()) {
      outcome_.not_done.push_back("removing image " + step->subject);
      return {ActionState::kDone, "the image stays: " + why};
    }
    absl::Status status = work_.runtime().cri_actions->RemoveImage(step->subject);
    if (!status.ok()) {
      // Collecting the content can take longer than the answer may; the names go first.
      const auto image = work_.runtime().cri->ImageStatus(step->subject);
      if (image.ok() && !*image) status = absl::OkStatus();
    }
    if (!status.ok()) {
      outcome_.not_done.push_back("removing image " + step->subject);
      return {ActionState::kFailed, Text(status)};
    }
    outcome_.done.push_back("removed image " + step->subject + " with its names");
    work_.Audit("removed image " + step->subject + " with its names");
    return {ActionState::kDone, ""};
  }

  /// The CRI's removal takes every name, so it is looked once more.
  std::string StillShared(const std::string& id) {
    auto users = NewUsers();
    if (!users.ok()) return Text(users.status());
    if (!users->empty()) return "a container came to use it: " + *users;
    const auto image = work_.runtime().cri->ImageStatus(id);
    if (!image.ok()) return Text(image.status());
    if (!*image) return "";
    if (!(*image)->repo_tags.empty()) return "it has the tag " + (*image)->repo_tags.front();
    for (const std::string& name : (*image)->repo_digests) {
      if (!IsListed(name)) return "it has the name " + name;
    }
    const auto records = work_.runtime().containerd->ListImages();
    if (!records.ok()) return Text(records.status());
    for (const node::ImageRecord& record : *records) {
      const bool same = record.target_digest == work_.plan.from->text();
      if (same && !IsListed(record.name)) return "it has the name " + record.name;
    }
    return "";
  }

  bool IsListed(const std::string& name) const {
    return std::find(work_.plan.names_go.begin(), work_.plan.names_go.end(), name) != work_.plan.names_go.end();
  }

  const Work& work_;
  std::string name_;
  report::ActionOutcome outcome_;
};

}  // namespace

report::ActionOutcome DoEvict(const Work& work) { return Evict(work).Run(); }

}  // namespace tagdrift::agent
