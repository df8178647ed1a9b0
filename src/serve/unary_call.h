#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <stop_token>
#include <utility>

#include "serve/stuck_calls.h"

namespace tagdrift::serve {

/// Deletes itself when gRPC has done with it, which is not before Answer.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(StuckCalls& calls, grpc::CallbackServerContext& context) : sending_(calls, context) {}

  /// Keeps `place` until the answer has been taken.
  void Hold(std::shared_ptr<void> place) { place_ = std::move(place); }
  void Answer(const grpc::Status& status) {
    sending_.Begin();
    Finish(status);
  }
  /// The caller has gone.
  std::stop_token cancelled() const { return cancelled_.get_token(); }

 private:
  void OnCancel() override { cancelled_.request_stop(); }
  void OnDone() override { delete this; }

  Sending sending_;
  std::shared_ptr<void> place_;
  std::stop_source cancelled_;
};

}  // namespace tagdrift::serve
