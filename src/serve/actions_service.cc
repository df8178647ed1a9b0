#include "serve/actions_service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <utility>

#include "serve/action_stream.h"
#include "serve/views.h"
#include "serve/worker_call.h"
#include "tagdrift/call/linked_stop.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

constexpr std::chrono::minutes kActionLimit{30};
constexpr int kMostReferences = 100;

const char* NameOf(judge::ActionKind action) {
  switch (action) {
    case judge::ActionKind::kRefresh:
      return "refresh";
    case judge::ActionKind::kPrePull:
      return "prepull";
    case judge::ActionKind::kEvict:
      return "evict";
  }
  return "";
}

v1::ActionPhase PhaseOf(agent::ActionProgress::Phase phase) {
  switch (phase) {
    case agent::ActionProgress::Phase::kWaiting:
      return v1::ACTION_PHASE_WAITING;
    case agent::ActionProgress::Phase::kPulling:
      return v1::ACTION_PHASE_PULLING;
    case agent::ActionProgress::Phase::kVerifying:
      return v1::ACTION_PHASE_VERIFYING;
  }
  return v1::ACTION_PHASE_UNSPECIFIED;
}

bool MatchesAny(const std::vector<agent::NamePattern>& patterns, const image::Reference& reference) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return pattern.Matches(reference.Canonical()); });
}

/// Nobody is asked about what neither the node nor the configuration knows: an agent is no way into registries. An
/// action that is turned on for whatever name goes for all images of the registries that this node uses.
bool IsKnown(const image::Reference& reference, judge::ActionKind action, const ActionPolicy& policy,
             const Board& board) {
  if (MatchesAny(policy.repositories, reference)) return true;
  const auto published = board.Latest();
  if (published == nullptr) return false;
  if (published->round->HasRepository(reference.Name())) return true;
  return policy.enabled.contains(action) && published->round->rest().routes.contains(reference.registry());
}

/// How a call ends whose references ended so.
grpc::Status StatusOf(const std::vector<v1::ActionOutcome>& outcomes) {
  for (const auto& [state, code] : {std::pair(v1::ACTION_STATE_RACED, grpc::StatusCode::ABORTED),
                                    std::pair(v1::ACTION_STATE_REFUSED, grpc::StatusCode::FAILED_PRECONDITION)}) {
    const auto found = std::ranges::find(outcomes, state, &v1::ActionOutcome::state);
    if (found != outcomes.end()) return {code, found->detail()};
  }
  return grpc::Status::OK;
}

/// Each once. Errors: InvalidArgument naming the reference.
absl::StatusOr<std::vector<image::Reference>> ReadReferences(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  if (texts.empty()) return absl::InvalidArgumentError("references: none is given");
  if (texts.size() > kMostReferences) {
    return absl::InvalidArgumentError(fmt::format("references: at most {} at a time", kMostReferences));
  }
  std::vector<image::Reference> references;
  for (const std::string& text : texts) {
    if (text.size() > kMostNameBytes) {
      return absl::InvalidArgumentError(fmt::format("references: at most {} bytes each", kMostNameBytes));
    }
    auto reference = image::Reference::Parse(text);
    if (!reference.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("references: '{}' is no image reference: {}", text, text::MessageOf(reference.status())));
    }
    if (std::ranges::find(references, *reference) == references.end()) references.push_back(*std::move(reference));
  }
  return references;
}

}  // namespace

template <class Response>
grpc::ServerWriteReactor<Response>* ActionsService::Act(
    grpc::CallbackServerContext& context, agent::ActionRequest request,
    const google::protobuf::RepeatedPtrField<std::string>& references, grpc::Status status) {
  const ActionPolicy& policy = shared_.policy;
  const Caller caller = entrance_.CallerOf(context);
  const auto refuse = [&](Refusal why, const std::string& reason, const std::string& message) {
    if (!status.ok()) return;
    shared_.refused(why, caller.name, message);
    status = Refused(why, reason, message, why == Refusal::kTooMany ? absl::Seconds(10) : absl::ZeroDuration());
  };
  if (caller.role != Role::kOperator) refuse(Refusal::kNotPermitted, "NOT_AN_OPERATOR", "actions are for operators");
  if (request.apply && !policy.enabled.contains(request.action)) {
    refuse(Refusal::kNotEnabled, "ACTION_NOT_ENABLED",
           fmt::format("this agent only plans; its configuration has to turn {0} on (--enable-actions {0})",
                       NameOf(request.action)));
  }
  const judge::ActionOptions& options = request.options;
  const auto needs = [&](bool asked, bool allowed, const char* field, const char* option) {
    if (!request.apply || !asked || allowed) return;
    refuse(Refusal::kNotEnabled, "OPTION_NOT_ENABLED",
           fmt::format("this agent's configuration does not allow {} ({})", field, option));
  };
  needs(options.names_digest(), policy.allow_to, "to", "--allow-to");
  needs(options.force, policy.allow_force, "force", "--allow-force");
  needs(options.allow_private, policy.allow_private, "allow_private", "--allow-private");
  auto names = ReadReferences(references);
  if (!names.ok() && status.ok()) status = ToGrpc(names.status());
  for (const image::Reference& name : status.ok() ? *names : std::vector<image::Reference>()) {
    if (!policy.repositories.empty() && !MatchesAny(policy.repositories, name)) {
      refuse(Refusal::kNotEnabled, "REPOSITORY_NOT_ENABLED",
             fmt::format("this agent's configuration does not allow actions on {} (--actions-on)", name.Canonical()));
    } else if (!IsKnown(name, request.action, policy, shared_.board)) {
      refuse(
          Refusal::kNotEnabled, "IMAGE_NOT_KNOWN",
          fmt::format("{} is not cached on this node, and this agent's configuration does not name it (--actions-on)",
                      name.Name()));
    }
  }
  std::shared_ptr<void> place = status.ok() ? shared_.telling.Take(caller).held : nullptr;
  std::shared_ptr<void> slot = place != nullptr ? shared_.acting.Take(caller).held : nullptr;
  if (slot == nullptr) refuse(Refusal::kTooMany, "TOO_MANY_ACTIONS", "too many actions are under way");

  auto* stream = new ActionStream<Response>(shared_.calls, context);
  CountInvalid(shared_.refused, caller.name, status);
  if (!status.ok()) {
    stream->End(status);
    return stream;
  }
  stream->Hold(std::move(place));
  request.origins = shared_.origins;
  request.disk_threshold = policy.disk_threshold;
  request.requester = caller.name;
  request.request_id = fmt::format("{:08x}", std::random_device()());
  const SteadyTime deadline = DeadlineOf(context, shared_.clock->Steady(), kActionLimit);
  const bool started =
      shared_.workers.Start([this, stream, slot, deadline, request = std::move(request), names = *std::move(names),
                             cancelled = stream->cancelled()](const std::stop_token& stop) mutable {
        grpc::Status outcome(grpc::StatusCode::INTERNAL, "the action failed; the agent's log says why");
        try {
          const LinkedStop either(stop, cancelled);
          const CallContext bounds{.deadline = deadline, .stop = either.token()};
          agent::ActionHooks hooks;
          hooks.audit = shared_.audit;
          hooks.planned = [stream](const report::ActionResult& planned) {
            Response event;
            *event.mutable_plan() = report::ToMessage(planned).plan();
            stream->Tell(std::move(event));
          };
          hooks.progress = [stream](const agent::ActionProgress& now) {
            Response event;
            v1::ActionProgress& progress = *event.mutable_progress();
            progress.set_reference(now.reference);
            progress.set_phase(PhaseOf(now.phase));
            progress.set_bytes_done(now.bytes_done);
            progress.set_bytes_total(now.bytes_total);
            stream->Tell(std::move(event));
          };
          std::vector<v1::ActionOutcome> outcomes;
          for (const image::Reference& name : names) {
            request.reference = name;
            request.options.protected_by.clear();
            for (const agent::NamePattern& pattern : shared_.policy.protect) {
              if (pattern.Matches(name.Canonical())) request.options.protected_by.push_back(pattern.text());
            }
            Response event;
            *event.mutable_outcome() = report::ToMessage(shared_.agent.Act(request, hooks, bounds));
            if (request.apply) shared_.ended(event.outcome());
            outcomes.push_back(event.outcome().outcome());
            stream->Tell(std::move(event));
          }
          outcome = StatusOf(outcomes);
        } catch (const std::exception& error) {
          spdlog::error("an action ended by an exception: {}", error.what());
        }
        slot.reset();
        stream->End(outcome);
      });
  if (!started) stream->End({grpc::StatusCode::UNAVAILABLE, "the agent is being stopped, or short of threads"});
  return stream;
}

grpc::ServerWriteReactor<v1::RefreshResponse>* ActionsService::Refresh(grpc::CallbackServerContext* context,
                                                                       const v1::RefreshRequest* request) {
  agent::ActionRequest action{.action = judge::ActionKind::kRefresh, .reference = *image::Reference::Parse("x")};
  action.apply = request->apply();
  action.options.allow_older = request->allow_older();
  action.options.allow_private = request->allow_private();
  grpc::Status status;
  if (!request->to().empty()) {
    const absl::Status read = judge::ReadTo(request->to(), action.options);
    if (!read.ok()) status = ToGrpc(absl::InvalidArgumentError("to: " + text::MessageOf(read)));
    if (request->to().size() > kMostNameBytes) {
      status = {grpc::StatusCode::INVALID_ARGUMENT, fmt::format("to: at most {} bytes", kMostNameBytes)};
    }
    if (request->references_size() > 1) status = {grpc::StatusCode::INVALID_ARGUMENT, "to: goes with one reference"};
  }
  return Act<v1::RefreshResponse>(*context, std::move(action), request->references(), status);
}

grpc::ServerWriteReactor<v1::PrePullResponse>* ActionsService::PrePull(grpc::CallbackServerContext* context,
                                                                       const v1::PrePullRequest* request) {
  agent::ActionRequest action{.action = judge::ActionKind::kPrePull, .reference = *image::Reference::Parse("x")};
  action.apply = request->apply();
  action.options.allow_private = request->allow_private();
  return Act<v1::PrePullResponse>(*context, std::move(action), request->references(), grpc::Status::OK);
}

grpc::ServerWriteReactor<v1::EvictResponse>* ActionsService::Evict(grpc::CallbackServerContext* context,
                                                                   const v1::EvictRequest* request) {
  agent::ActionRequest action{.action = judge::ActionKind::kEvict, .reference = *image::Reference::Parse("x")};
  action.apply = request->apply();
  action.options.force = request->force();
  action.options.free = request->free();
  return Act<v1::EvictResponse>(*context, std::move(action), request->references(), grpc::Status::OK);
}

}  // namespace tagdrift::serve
