#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "tagdrift/remote/address.h"

namespace tagdrift::remote {

/// Largest message that is received.
inline constexpr int kMaxReceiveBytes = 64 << 20;

/// Why a call to the agent at `address` failed, in one printable line that says what to do. Looks at the socket of
/// `address` where nothing else tells.
absl::Status ExplainFailure(const Address& address, const grpc::Status& status);

/// The delay of a google.rpc.RetryInfo in the details of a status: a serialised google.rpc.Status.
std::optional<std::chrono::milliseconds> RetryDelay(const std::string& details);

}  // namespace tagdrift::remote
