#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <stop_token>

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/remote/address.h"

namespace tagdrift::remote {

/// One call: its gRPC context always has a deadline and is cancelled at the stop request.
class Rpc {
 public:
  Rpc(const Address& address, const CallContext& context);
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  grpc::ClientContext& context() { return context_; }

  /// Cancelled or DeadlineExceeded where there is nothing left to wait for: then the call is not to be begun.
  absl::Status Begin() const;
  /// `status` as Client's errors are.
  absl::Status Explain(const grpc::Status& status) const;

 private:
  struct Cancel {
    grpc::ClientContext* context;
    void operator()() const { context->TryCancel(); }
  };

  const Address& address_;
  SteadyTime started_;
  CallContext bounds_;
  grpc::ClientContext context_;
  /// Last, so that it ends first: its end waits for a cancellation that is under way.
  std::stop_callback<Cancel> cancel_;
};

}  // namespace tagdrift::remote
