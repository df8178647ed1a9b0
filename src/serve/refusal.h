#pragma once

#include <grpcpp/support/status.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "serve/refusal_reason.h"

namespace tagdrift::serve {

/// Told of each, with the caller's name and what is answered.
using OnRefusal = std::function<void(Refusal why, const std::string& caller, const std::string& message)>;

/// With google.rpc details: ErrorInfo with `reason`, and RetryInfo where `retry_after` is more than nothing.
grpc::Status Refused(Refusal why, const std::string& reason, const std::string& message,
                     absl::Duration retry_after = absl::ZeroDuration());

/// Tells of `status` where it is that the request makes no sense.
void CountInvalid(const OnRefusal& refused, const std::string& caller, const grpc::Status& status);

/// The same code and words.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace tagdrift::serve
