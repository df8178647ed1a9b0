#include "act.h"

#include <memory>
#include <optional>
#include <utility>

#include "action_facts.h"
#include "audit.h"
#include "disk.h"
#include "execution.h"
#include "plan_of_round.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

/// Ends before there is a plan.
report::ActionResult Ended(const ActionRequest& request, const absl::Status& why) {
  report::ActionResult result{.plan = {.action = request.action, .reference = request.reference}};
  result.outcome.state = absl::IsCancelled(why) ? report::ActionState::kStopped : report::ActionState::kFailed;
  result.outcome.detail = text::MessageOf(why);
  return result;
}

void Refuse(judge::RefusalKind kind, const absl::Status& why, report::ActionResult& result) {
  result.plan.refusals.push_back({kind, text::MessageOf(why)});
  result.plan.steps.clear();
  result.outcome.state = report::ActionState::kRefused;
  result.outcome.detail = text::MessageOf(why);
}

report::ActionResult Busy(const ActionRequest& request, const absl::Status& why) {
  report::ActionResult result{.plan = {.action = request.action, .reference = request.reference}};
  Refuse(judge::RefusalKind::kBusy, why, result);
  return result;
}

report::ActionOutcome Do(const Execution& execution) {
  switch (execution.plan.action) {
    case judge::ActionKind::kRefresh:
      return DoRefresh(execution);
    case judge::ActionKind::kPrePull:
      return DoPrePull(execution);
    case judge::ActionKind::kEvict:
      break;
  }
  return DoEvict(execution);
}

/// What a failed pull brought takes room until it is collected.
void CollectLeftovers(const Execution& execution, const report::ActionOutcome& outcome) {
  const bool pulled = !execution.plan.steps.empty() && execution.plan.steps.front().kind == judge::StepKind::kPull;
  const bool failed = outcome.state == report::ActionState::kFailed || outcome.state == report::ActionState::kStopped;
  if (!pulled || !failed) return;
  AuditedChange change(execution.audit, "collect garbage");
  // Should it fail, containerd's own next collection does it.
  change.End(execution.runtime().containerd_actions->CollectGarbage(execution.finishing.Undoing()));
}

/// What was not asked any more would look like a registry without an answer.
absl::Status TimeIsLeft(const Shared& shared, const CallContext& context) {
  if (context.stop.stop_requested()) return absl::CancelledError("stopped before anything was done");
  if (!context.Ended(shared.clock.Steady())) return absl::OkStatus();
  return absl::DeadlineExceededError("planning took all the time there was (--timeout)");
}

absl::StatusOr<CollectedFacts> Collect(const ActionResources& resources, const ActionRequest& request,
                                       const CallContext& context) {
  auto seen = resources.observe(context);
  if (!seen.ok()) return seen.status();
  auto collected = CollectFacts(resources.shared, *std::move(seen), request, context);
  if (absl::Status left = TimeIsLeft(resources.shared, context); !left.ok()) return left;
  return collected;
}

/// Plans, and reserves the disk space that the plan needs if it is going to be carried out.
judge::Plan PlanAndReserve(const Shared& shared, const ActionRequest& request, CollectedFacts& collected,
                           const CallContext& context, DiskReservations::Reservation& reservation) {
  std::optional<judge::Plan> plan;
  reservation.Make([&](std::int64_t others) {
    collected.facts.disk = ReadDisk(*shared.runtime.cri, *collected.tree, context);
    if (collected.facts.disk.available) *collected.facts.disk.available -= others;
    plan = MakePlan(request, collected.facts);
    return request.apply && !plan->Refused() ? plan->disk_bytes : 0;
  });
  return *std::move(plan);
}

/// The digest name that the action may create and take back, where that is not the name that is locked already.
std::optional<std::string> DigestNameBeside(const judge::Plan& plan) {
  if (!plan.to || plan.action == judge::ActionKind::kEvict || plan.reference.digest()) return std::nullopt;
  return plan.reference.At(*plan.to).Canonical();
}

void EndUnlocked(const absl::Status& why, report::ActionResult& result) {
  if (absl::IsFailedPrecondition(why)) return Refuse(judge::RefusalKind::kBusy, why, result);
  const bool stopped = absl::IsCancelled(why);
  result.outcome.state = stopped ? report::ActionState::kStopped : report::ActionState::kFailed;
  result.outcome.detail = text::MessageOf(why);
}

/// Carries out the result's plan and fills its outcome.
void CarryOut(const ActionResources& resources, const ActionRequest& request, const ActionHooks& hooks,
              const CallContext& context, const Finishing& finishing, TagLock& lock, const CollectedFacts& collected,
              report::ActionResult& result) {
  const Shared& shared = resources.shared;
  // Tags can share a digest, and an action that fails takes the digest's name back: one at a time works on it.
  std::unique_ptr<TagLock> digest_lock;
  if (const auto name = DigestNameBeside(result.plan)) {
    auto acquired = TagLock::Acquire(*shared.runtime.containerd_actions, shared.clock, finishing, *name, context,
                                     TagLock::Patience::kWhileItIsHeld);
    if (!acquired.ok()) {
      return EndUnlocked(acquired.status(), result);
    }
    digest_lock = *std::move(acquired);
  }
  Audit audit(hooks, request, shared.clock, collected.node_name);
  if (absl::Status written = audit.Intend(result.plan); !written.ok()) {
    return Refuse(judge::RefusalKind::kNoAudit, written, result);
  }
  const Execution execution{.shared = shared,
                            .credentials = resources.credentials,
                            .request = request,
                            .hooks = hooks,
                            .context = context,
                            .finishing = finishing,
                            .lock = lock,
                            .digest_lock = digest_lock.get(),
                            .audit = audit,
                            .facts = collected.facts,
                            .plan = result.plan};
  result.outcome = Do(execution);
  CollectLeftovers(execution, result.outcome);
  audit.Conclude(result.outcome);
}

/// After a race: what would be done now, by facts read now.
std::optional<judge::Plan> PlanAgain(const ActionResources& resources, const ActionRequest& request,
                                     const CallContext& context) {
  auto collected = Collect(resources, request, context);
  if (!collected.ok()) return std::nullopt;
  DiskReservations::Reservation reservation(resources.disk);
  return PlanAndReserve(resources.shared, request, *collected, context, reservation);
}

}  // namespace

report::ActionResult RunAction(const ActionResources& resources, const ActionRequest& request, const ActionHooks& hooks,
                               const CallContext& context) {
  const Shared& shared = resources.shared;
  const Finishing finishing(shared.clock, context.stop);
  std::unique_ptr<TagLock> lock;
  if (request.apply) {
    auto acquired = TagLock::Acquire(*shared.runtime.containerd_actions, shared.clock, finishing,
                                     request.reference.Canonical(), context);
    if (absl::IsFailedPrecondition(acquired.status())) return Busy(request, acquired.status());
    // Another runtime: the plan says why nothing can be done there.
    if (!acquired.ok() && !absl::IsUnimplemented(acquired.status())) return Ended(request, acquired.status());
    if (acquired.ok()) lock = *std::move(acquired);
  }
  auto collected = Collect(resources, request, context);
  if (!collected.ok()) return Ended(request, collected.status());

  DiskReservations::Reservation reservation(resources.disk);
  report::ActionResult result{.plan = PlanAndReserve(shared, request, *collected, context, reservation),
                              .route = *collected->route};
  SettlePlanned(result);
  if (hooks.planned) hooks.planned(result);
  if (!request.apply || result.plan.nothing_to_do || result.plan.Refused()) return result;
  if (lock == nullptr) {
    result.outcome.state = report::ActionState::kFailed;
    result.outcome.detail = "containerd offers no leases to lock the tag with";
    return result;
  }
  CarryOut(resources, request, hooks, context, finishing, *lock, *collected, result);
  if (result.outcome.state == report::ActionState::kRaced) result.new_plan = PlanAgain(resources, request, context);
  return result;
}

}  // namespace tagdrift::agent
