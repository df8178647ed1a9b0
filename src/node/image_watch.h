#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "containerd/services/events/v1/events.grpc.pb.h"
#include "rpc.h"
#include "tagdrift/node/containerd_actions.h"

namespace tagdrift::node {

/// Reads containerd's event stream on a thread of its own until it is destroyed. The stream confirms nothing by itself,
/// so to know how far it has come an event of our own is published, on a topic that nobody else listens to, and waited
/// for.
class GrpcImageWatch final : public ImageWatch {
 public:
  /// More changes of images than a node sees in a day.
  static constexpr std::size_t kMostBytes = 8 << 20;

  /// Each CatchUp takes at most `limit`. The changes kept take at most about `most_bytes`.
  GrpcImageWatch(const std::shared_ptr<grpc::Channel>& channel, std::chrono::nanoseconds limit,
                 std::size_t most_bytes = kMostBytes);
  ~GrpcImageWatch() override;
  GrpcImageWatch(const GrpcImageWatch&) = delete;
  GrpcImageWatch& operator=(const GrpcImageWatch&) = delete;

  absl::Status CatchUp(const CallContext& context) override;
  std::vector<ImageEvent> ChangesOf(const std::string& name) const override;

 private:
  void Read();
  /// Errors: the event cannot be kept, so that the watch is no longer complete.
  absl::Status Keep(const containerd::types::Envelope& envelope);

  std::unique_ptr<containerd::services::events::v1::Events::Stub> events_;
  std::chrono::nanoseconds limit_;
  std::size_t most_bytes_;
  Rpc stream_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::vector<ImageEvent>> changes_;
  std::size_t bytes_ = 0;
  std::string mark_;  ///< that CatchUp waits for
  bool mark_seen_ = false;
  std::optional<absl::Status> lost_;
  std::thread reader_;
};

}  // namespace tagdrift::node
