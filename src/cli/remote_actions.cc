#include "remote_actions.h"

namespace tagdrift::cli {
namespace {

template <typename Request>
Request RequestOf(const std::vector<agent::ActionRequest>& requests) {
  Request request;
  for (const agent::ActionRequest& one : requests) request.add_references(one.reference.Canonical());
  request.set_apply(requests.front().apply);
  return request;
}

}  // namespace

absl::StatusOr<v1::ActionReport> ActRemotely(remote::Client& agent, const std::vector<agent::ActionRequest>& requests,
                                             const std::string& to, const remote::ActionHooks& hooks,
                                             const CallContext& context) {
  const judge::ActionOptions& options = requests.front().options;
  switch (requests.front().action) {
    case judge::ActionKind::kRefresh: {
      auto request = RequestOf<v1::RefreshRequest>(requests);
      request.set_to(to);
      request.set_allow_older(options.allow_older);
      request.set_allow_private(options.allow_private);
      return agent.Act(request, hooks, context);
    }
    case judge::ActionKind::kPrePull: {
      auto request = RequestOf<v1::PrePullRequest>(requests);
      request.set_allow_private(options.allow_private);
      return agent.Act(request, hooks, context);
    }
    case judge::ActionKind::kEvict: {
      auto request = RequestOf<v1::EvictRequest>(requests);
      request.set_force(options.force);
      request.set_free(options.free);
      return agent.Act(request, hooks, context);
    }
  }
  return absl::InternalError("no such action");
}

agent::ActionProgress ProgressFrom(const v1::ActionProgress& progress) {
  using Phase = agent::ActionProgress::Phase;
  return {.reference = progress.reference(),
          .phase = progress.phase() == v1::ACTION_PHASE_VERIFYING ? Phase::kVerifying
                   : progress.phase() == v1::ACTION_PHASE_WAITING ? Phase::kWaiting
                                                                  : Phase::kPulling,
          .bytes_done = progress.bytes_done(),
          .bytes_total = progress.bytes_total()};
}

}  // namespace tagdrift::cli
