#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::node {

/// Largest message that is received; containerd sends up to 16 MiB unless configured otherwise.
inline constexpr int kMaxReceiveBytes = 64 << 20;

/// No call and no stream lives longer than a week.
inline constexpr std::chrono::nanoseconds kLongestCall = std::chrono::hours(24 * 7);

/// What Rpc::Explain says of a call that reached no gRPC server.
inline constexpr std::string_view kNoConnection = "the runtime closed the connection or is not running";

/// One call: its gRPC context always has a deadline and is cancelled at the stop request.
class Rpc {
 public:
  /// Ends at the deadline of `context` or after `limit`, whichever comes first. `doing` says what is asked ("listing
  /// images").
  Rpc(std::string doing, const CallContext& context, std::chrono::nanoseconds limit);
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  /// Names the namespace in which the CRI plugin keeps everything; containerd's own services want one.
  Rpc& InKubernetesNamespace();

  grpc::ClientContext& context() { return context_; }
  const std::string& doing() const { return doing_; }

  /// Cancelled or DeadlineExceeded where there is nothing left to wait for: then the call is not to be begun.
  absl::Status Begin() const { return bounds_.Check(started_, doing_); }
  /// `status` in one line, "doing: what happened". gRPC's own texts about transport are replaced; the runtime's are
  /// kept, cut to one bounded line. Cancelled is only what our stop request ended: the runtime's own is Unavailable.
  absl::Status Explain(const grpc::Status& status) const;

 private:
  struct Cancel {
    grpc::ClientContext* context;
    void operator()() const { context->TryCancel(); }
  };

  std::string doing_;
  SteadyTime started_;
  CallContext bounds_;
  grpc::ClientContext context_;
  /// Last, so that it ends first: its end waits for a cancellation that is under way.
  std::stop_callback<Cancel> cancel_;
};

/// Nothing for an unset or invalid time.
std::optional<absl::Time> FromProto(const google::protobuf::Timestamp& time);

/// One unary call: `(stub.*method)(context, request, &response)`.
template <typename Response, typename Stub, typename Method, typename Request>
absl::StatusOr<Response> Call(Stub& stub, Method method, const Request& request, Rpc& rpc) {
  if (absl::Status status = rpc.Begin(); !status.ok()) return status;
  Response response;
  const grpc::Status status = (stub.*method)(&rpc.context(), request, &response);
  if (!status.ok()) return rpc.Explain(status);
  return response;
}

}  // namespace tagdrift::node
