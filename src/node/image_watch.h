#pragma once

#include <grpcpp/channel.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "containerd/services/events/v1/events.grpc.pb.h"
#include "kubernetes_context.h"
#include "tagdrift/node/containerd_actions.h"

namespace tagdrift::node {

/// Reads containerd's event stream on a thread of its own. The stream confirms nothing by itself, so to know how far it
/// has come an event of our own is published, on a topic that nobody else listens to, and waited for.
class GrpcImageWatch final : public ImageWatch {
 public:
  GrpcImageWatch(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout);
  ~GrpcImageWatch() override;
  GrpcImageWatch(const GrpcImageWatch&) = delete;
  GrpcImageWatch& operator=(const GrpcImageWatch&) = delete;

  absl::Status CatchUp() override;
  std::vector<ImageEvent> ChangesOf(const std::string& name) const override;

 private:
  void Read();
  void Take(const containerd::types::Envelope& envelope);
  absl::Status PublishMark(const std::string& mark);

  std::unique_ptr<containerd::services::events::v1::Events::Stub> events_;
  absl::Duration timeout_;
  KubernetesContext context_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<ImageEvent>> changes_;
  std::string last_mark_;
  std::optional<absl::Status> lost_;
  int marks_ = 0;
  std::thread reader_;
};

}  // namespace tagdrift::node
