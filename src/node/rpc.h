#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace tagdrift::node {

/// Largest message that is received; containerd sends up to 16 MiB unless configured otherwise.
inline constexpr int kMaxReceiveBytes = 64 << 20;

/// What FromRpc says of a call that reached no gRPC server.
inline constexpr std::string_view kNoConnection = "the runtime closed the connection or is not running";

/// Sets the deadline `timeout` from now on the steady clock. No timeout is longer than an hour.
void SetDeadline(grpc::ClientContext& context, absl::Duration timeout);

/// `status` in one line, "doing: what happened". gRPC's own texts about transport are replaced; the runtime's are kept,
/// cut to one bounded line. `doing` says what was asked ("listing images").
absl::Status FromRpc(const grpc::Status& status, const std::string& doing, absl::Duration timeout);

/// Nothing for an unset or invalid time.
std::optional<absl::Time> FromProto(const google::protobuf::Timestamp& time);

/// One unary call: `(stub.*method)(context, request, &response)` with a deadline.
template <typename Response, typename Stub, typename Method, typename Request>
absl::StatusOr<Response> Call(Stub& stub, Method method, grpc::ClientContext& context, const Request& request,
                              const std::string& doing, absl::Duration timeout) {
  SetDeadline(context, timeout);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromRpc(status, doing, timeout);
  return response;
}

}  // namespace tagdrift::node
