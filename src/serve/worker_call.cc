#include "serve/worker_call.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "serve/unary_call.h"
#include "tagdrift/call/linked_stop.h"

namespace tagdrift::serve {

SteadyTime DeadlineOf(const grpc::ServerContextBase& context, SteadyTime now, std::chrono::nanoseconds limit) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  return now + std::clamp<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(0), limit);
}

grpc::ServerUnaryReactor* RunCall(NodeCacheContext& shared, grpc::CallbackServerContext& context, const Caller& caller,
                                  grpc::Status status, std::chrono::nanoseconds limit,
                                  std::function<grpc::Status(const CallContext& bounds)> work) {
  auto* call = new UnaryCall(shared.calls, context);
  Grant answering = status.ok() ? shared.answering.Take(caller) : Grant();
  Grant working = answering.held != nullptr ? shared.working.Take(caller) : Grant();
  if (status.ok() && working.held == nullptr) {
    const std::string message = answering.share_is_taken || working.share_is_taken
                                    ? "this caller has its share of the calls that are being worked on"
                                    : "too many calls are being worked on";
    shared.refused(Refusal::kTooMany, caller.name, message);
    status = Refused(Refusal::kTooMany, "TOO_MANY_CALLS", message, absl::Seconds(1));
  }
  CountInvalid(shared.refused, caller.name, status);
  if (!status.ok()) {
    call->Answer(status);
    return call;
  }
  call->Hold(std::move(answering.held));
  std::shared_ptr<void> slot = std::move(working.held);
  const SteadyTime deadline = DeadlineOf(context, shared.clock->Steady(), limit);
  const bool started = shared.workers.Start([call, slot, deadline, cancelled = call->cancelled(),
                                             work = std::move(work)](const std::stop_token& stop) mutable {
    grpc::Status outcome(grpc::StatusCode::INTERNAL, "the call failed; the agent's log says why");
    try {
      const LinkedStop either(stop, cancelled);
      outcome = work(CallContext{.deadline = deadline, .stop = either.token()});
    } catch (const std::exception& error) {
      spdlog::error("a call ended by an exception: {}", error.what());
    }
    work = nullptr;
    slot.reset();
    call->Answer(outcome);
  });
  if (!started) call->Answer({grpc::StatusCode::UNAVAILABLE, "the agent is being stopped, or short of threads"});
  return call;
}

}  // namespace tagdrift::serve
