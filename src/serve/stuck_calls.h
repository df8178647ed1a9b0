#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "tagdrift/call/clock.h"

namespace tagdrift::serve {

class Sending;

/// Cancels calls whose client does not take what it is sent. Thread safe.
class StuckCalls {
 public:
  explicit StuckCalls(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  /// Those that have not taken a message, or how the call ended, for so long.
  void Cut(std::chrono::nanoseconds limit);

 private:
  friend class Sending;

  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::set<Sending*> calls_;  ///< mutex_
};

/// What one call sends. Ends with the call, before its context does.
class Sending {
 public:
  Sending(StuckCalls& all, grpc::CallbackServerContext& context);
  ~Sending();
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  /// A message, or the end, is about to be handed to gRPC.
  void Begin();
  /// It has been taken.
  void Taken();

 private:
  friend class StuckCalls;

  StuckCalls& all_;
  grpc::CallbackServerContext& context_;
  std::optional<SteadyTime> since_;  ///< all_.mutex_
};

}  // namespace tagdrift::serve
