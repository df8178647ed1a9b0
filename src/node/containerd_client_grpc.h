#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/time/time.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// containerd's own services over `channel`; each call takes at most `timeout`.
std::unique_ptr<ContainerdClient> MakeContainerdClient(const std::shared_ptr<grpc::Channel>& channel,
                                                       absl::Duration timeout);

}  // namespace tagdrift::node
