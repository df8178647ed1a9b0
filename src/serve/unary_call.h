#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

class UnaryCall;

/// The unary calls that have not ended. Thread safe.
class UnaryCalls {
 public:
  explicit UnaryCalls(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  /// Cancels those whose answer has not been taken for so long.
  void CutStuck(std::chrono::nanoseconds limit);

 private:
  friend class UnaryCall;

  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::set<UnaryCall*> calls_;  ///< mutex_
};

/// One of them. Deletes itself when gRPC has done with it, which is not before Answer.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(UnaryCalls& all, grpc::CallbackServerContext& context);

  /// Keeps `place` until the answer has been taken.
  void Hold(std::shared_ptr<void> place) { place_ = std::move(place); }
  void Answer(const grpc::Status& status);
  /// The caller has gone.
  std::stop_token cancelled() const { return cancelled_.get_token(); }

 private:
  friend class UnaryCalls;

  void OnCancel() override { cancelled_.request_stop(); }
  void OnDone() override;

  UnaryCalls& all_;
  grpc::CallbackServerContext& context_;
  std::shared_ptr<void> place_;
  std::stop_source cancelled_;
  std::optional<SteadyTime> answered_;  ///< all_.mutex_
};

}  // namespace tagdrift::serve
