#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "connection.h"
#include "rpc.h"
#include "tagdrift/remote/client.h"
#include "tagdrift/report/printable.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"

namespace tagdrift::remote {
namespace {

/// What the agent has told of each reference so far.
class Told {
 public:
  template <typename References>
  Told(v1::Action action, const References& references) {
    for (const std::string& reference : references) {
      v1::Plan& plan = *report_.add_results()->mutable_plan();
      plan.set_action(action);
      plan.set_reference(reference);
    }
    planned_.resize(static_cast<std::size_t>(report_.results_size()));
  }

  bool anything() const { return anything_; }

  /// False: it was not asked for.
  bool Take(const v1::Plan& plan) {
    const int index = IndexOf(plan.reference());
    if (index < 0 || HasOutcome(index)) return false;
    *report_.mutable_results(index)->mutable_plan() = plan;
    planned_[static_cast<std::size_t>(index)] = true;
    return anything_ = true;
  }

  void Take(const v1::ActionResult& outcome) {
    const int index = IndexOf(outcome.plan().reference());
    if (index < 0 || outcome.outcome().state() == v1::ACTION_STATE_UNSPECIFIED) return;
    *report_.mutable_results(index) = outcome;
    anything_ = true;
  }

  /// `why` there are no more outcomes; `apply`: as the request has it.
  v1::ActionReport Report(const absl::Status& why, bool apply) && {
    for (int i = 0; i < report_.results_size(); ++i) {
      if (HasOutcome(i)) continue;
      v1::ActionOutcome& outcome = *report_.mutable_results(i)->mutable_outcome();
      const bool harmless = absl::IsCancelled(why) && !apply;
      outcome.set_state(harmless ? v1::ACTION_STATE_STOPPED : v1::ACTION_STATE_FAILED);
      std::string detail = text::MessageOf(why);
      if (apply && planned_[static_cast<std::size_t>(i)]) {
        detail += "; what it has begun it verifies or puts back by itself: explain tells how that ended";
      }
      outcome.set_detail(std::move(detail));
    }
    report_.set_headline(report::ActionHeadline(report_));
    return std::move(report_);
  }

 private:
  int IndexOf(const std::string& reference) const {
    for (int i = 0; i < report_.results_size(); ++i) {
      if (report_.results(i).plan().reference() == reference) return i;
    }
    return -1;
  }

  bool HasOutcome(int index) const { return report_.results(index).outcome().state() != v1::ACTION_STATE_UNSPECIFIED; }

  v1::ActionReport report_;
  std::vector<bool> planned_;
  bool anything_ = false;
};

/// `(stub.*method)(context, request)` streams `Response`.
template <typename Response, typename Method, typename Request>
absl::StatusOr<v1::ActionReport> Run(Connection& connection, Method method, v1::Action action, const Request& request,
                                     const ActionHooks& hooks, const CallContext& context) {
  Rpc rpc(connection.address(), context);
  if (absl::Status status = rpc.Begin(); !status.ok()) return status;
  const auto stubs = connection.GetStubs();
  if (!stubs.ok()) return stubs.status();
  Told told(action, request.references());
  const auto stream = ((*stubs)->acting.get()->*method)(&rpc.context(), request);
  for (Response response; stream->Read(&response);) {
    report::MakePrintable(response);
    if (response.has_plan() && told.Take(response.plan()) && hooks.plan) hooks.plan(response.plan());
    if (response.has_progress() && hooks.progress) hooks.progress(response.progress());
    if (response.has_outcome()) told.Take(response.outcome());
  }
  absl::Status why = rpc.Explain(stream->Finish());
  if (!why.ok() && !told.anything()) return why;
  if (why.ok()) why = absl::InternalError("agent " + connection.address().text + ": it ended without the outcome");
  return std::move(told).Report(why, request.apply());
}

}  // namespace

absl::StatusOr<v1::ActionReport> Client::Act(const v1::RefreshRequest& request, const ActionHooks& hooks,
                                             const CallContext& context) {
  return Run<v1::RefreshResponse>(*connection_, &v1::NodeCacheActions::Stub::Refresh, v1::ACTION_REFRESH, request,
                                  hooks, context);
}

absl::StatusOr<v1::ActionReport> Client::Act(const v1::PrePullRequest& request, const ActionHooks& hooks,
                                             const CallContext& context) {
  return Run<v1::PrePullResponse>(*connection_, &v1::NodeCacheActions::Stub::PrePull, v1::ACTION_PREPULL, request,
                                  hooks, context);
}

absl::StatusOr<v1::ActionReport> Client::Act(const v1::EvictRequest& request, const ActionHooks& hooks,
                                             const CallContext& context) {
  return Run<v1::EvictResponse>(*connection_, &v1::NodeCacheActions::Stub::Evict, v1::ACTION_EVICT, request, hooks,
                                context);
}

}  // namespace tagdrift::remote
