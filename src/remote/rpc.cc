#include "rpc.h"

#include <fmt/format.h>
#include <grpc/support/time.h>

#include "absl/time/time.h"
#include "failure.h"

namespace tagdrift::remote {
namespace {

constexpr std::chrono::nanoseconds kLongestCall = std::chrono::hours(24 * 7);

}  // namespace

Rpc::Rpc(const Address& address, const CallContext& context)
    : address_(address),
      started_(std::chrono::steady_clock::now()),
      bounds_(context.Within(started_, kLongestCall)),
      cancel_(bounds_.stop, Cancel{&context_}) {
  context_.set_deadline(gpr_time_from_nanos(bounds_.Left(started_).count(), GPR_TIMESPAN));
}

absl::Status Rpc::Begin() const { return bounds_.Check(started_, "agent " + address_.text); }

absl::Status Rpc::Explain(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (bounds_.stop.stop_requested()) return absl::CancelledError("agent " + address_.text + ": stopped");
  // Its own deadline ends a call a little before or after the clock says so; the agent's is a sentence of its own.
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && status.error_message() == "Deadline Exceeded") {
    const absl::Duration waited = absl::FromChrono(bounds_.Left(started_));
    return absl::DeadlineExceededError(fmt::format("agent {}: no answer within {}", address_.text,
                                                   absl::FormatDuration(absl::Ceil(waited, absl::Milliseconds(1)))));
  }
  return ExplainFailure(address_, status);
}

}  // namespace tagdrift::remote
