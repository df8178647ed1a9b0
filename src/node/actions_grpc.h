#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/time/time.h"
#include "tagdrift/node/containerd_actions.h"
#include "tagdrift/node/cri_actions.h"

namespace tagdrift::node {

/// Over `channel`; each call takes at most `timeout` (a pull: what it is given).
std::unique_ptr<ContainerdActions> MakeContainerdActions(const std::shared_ptr<grpc::Channel>& channel,
                                                         absl::Duration timeout);
std::unique_ptr<CriActions> MakeCriActions(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout);

}  // namespace tagdrift::node
