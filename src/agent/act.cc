#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "action_facts.h"
#include "work.h"

namespace tagdrift::agent {
namespace {

/// The longest that a killed action's lock lasts, and a bit.
const absl::Duration kLockPatience = TagLock::kTerm + absl::Seconds(10);

/// Ends before there is a plan.
report::ActionResult Ended(const ActionRequest& request, const absl::Status& why) {
  report::ActionResult result{.plan = {.action = request.action, .reference = request.reference}};
  result.outcome.state = absl::IsCancelled(why) ? report::ActionState::kStopped : report::ActionState::kFailed;
  result.outcome.detail = std::string(why.message());
  return result;
}

report::ActionResult Busy(const ActionRequest& request, const absl::Status& why) {
  report::ActionResult result{.plan = {.action = request.action, .reference = request.reference}};
  result.plan.refusals.push_back({judge::RefusalKind::kBusy, std::string(why.message())});
  result.outcome.state = report::ActionState::kRefused;
  result.outcome.detail = std::string(why.message());
  return result;
}

report::ActionOutcome Do(const Work& work) {
  switch (work.plan.action) {
    case judge::ActionKind::kRefresh:
      return DoRefresh(work);
    case judge::ActionKind::kPrePull:
      return DoPrePull(work);
    case judge::ActionKind::kEvict:
      break;
  }
  return DoEvict(work);
}

/// What a failed pull brought takes room until it is collected.
void CollectLeftovers(const ActionSources& sources, const report::ActionResult& result) {
  const bool pulled = !result.plan.steps.empty() && result.plan.steps.front().kind == judge::StepKind::kPull;
  const bool failed =
      result.outcome.state == report::ActionState::kFailed || result.outcome.state == report::ActionState::kStopped;
  // Should it fail, containerd's own next collection does it.
  if (pulled && failed) (void)sources.runtime->containerd_actions->CollectGarbage();
}

void SettlePlanned(const ActionRequest& request, report::ActionResult& result) {
  result.outcome.target = result.plan.from;
  if (result.plan.nothing_to_do) {
    result.outcome.state = report::ActionState::kNothingToDo;
  } else if (result.plan.Refused()) {
    result.outcome.state = report::ActionState::kRefused;
  } else if (!request.apply) {
    result.outcome.state = report::ActionState::kPlanned;
  }
}

/// The room on the disk that one action has claimed, for as long as this lives.
class Claim {
 public:
  Claim(const ActionSources& sources, const ActionRequest& request) : sources_(sources), request_(request) {}
  ~Claim() { Add(-bytes_); }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  /// Plans, and claims what the plan needs if it is going to be carried out: in one step, so that two actions cannot
  /// both take the last room.
  judge::Plan Plan(judge::ActionFacts& facts) {
    std::unique_lock<std::mutex> lock;
    if (sources_.claims != nullptr) lock = std::unique_lock(sources_.claims->mutex);
    judge::Plan plan = MakePlan(sources_, request_, facts);
    if (!request_.apply || plan.Refused() || sources_.claims == nullptr) return plan;
    bytes_ = plan.disk_bytes;
    sources_.claims->bytes += bytes_;
    return plan;
  }

 private:
  void Add(std::int64_t bytes) {
    if (sources_.claims == nullptr || bytes == 0) return;
    const std::lock_guard lock(sources_.claims->mutex);
    sources_.claims->bytes += bytes;
  }

  const ActionSources& sources_;
  const ActionRequest& request_;
  std::int64_t bytes_ = 0;
};

/// After a race: what would be done now, by facts read now.
std::optional<judge::Plan> PlanAgain(const ActionSources& sources, const ActionRequest& request,
                                     const std::stop_token& stop) {
  auto collected = CollectFacts(sources, request, stop);
  if (!collected.ok()) return std::nullopt;
  return Claim(sources, request).Plan(collected->facts);
}

}  // namespace

report::ActionResult Act(const ActionSources& sources, const ActionRequest& request, const ActionHooks& hooks,
                         std::stop_token stop) {
  std::unique_ptr<TagLock> lock;
  if (request.apply) {
    const absl::Time until = std::min(request.deadline, absl::Now() + kLockPatience);
    auto acquired = TagLock::Acquire(*sources.runtime->containerd_actions, request.reference.Canonical(), until, stop);
    // Another runtime: the plan says why nothing can be done there.
    if (absl::IsFailedPrecondition(acquired.status())) return Busy(request, acquired.status());
    if (!acquired.ok() && !absl::IsUnimplemented(acquired.status())) return Ended(request, acquired.status());
    if (acquired.ok()) lock = *std::move(acquired);
  }
  auto collected = CollectFacts(sources, request, stop);
  if (!collected.ok()) return Ended(request, collected.status());
  // What was not asked any more would look like a registry without an answer.
  if (stop.stop_requested()) return Ended(request, absl::CancelledError("stopped before anything was done"));
  if (absl::Now() >= request.deadline) {
    return Ended(request, absl::DeadlineExceededError("planning took all the time there was (--timeout)"));
  }

  Claim claim(sources, request);
  report::ActionResult result{.plan = claim.Plan(collected->facts), .route = *collected->route};
  SettlePlanned(request, result);
  if (hooks.planned) hooks.planned(result);
  if (!request.apply || result.plan.nothing_to_do || result.plan.Refused()) return result;
  if (lock == nullptr) {
    result.outcome.state = report::ActionState::kFailed;
    result.outcome.detail = "containerd offers no leases to lock the tag with";
    return result;
  }
  result.outcome = Do({sources, request, hooks, stop, *lock, collected->facts, result.plan});
  CollectLeftovers(sources, result);
  if (result.outcome.state == report::ActionState::kRaced) result.new_plan = PlanAgain(sources, request, stop);
  return result;
}

}  // namespace tagdrift::agent
