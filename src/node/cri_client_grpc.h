#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/time/time.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The CRI over `channel`; each call takes at most `timeout`.
std::unique_ptr<CriClient> MakeCriClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout);

}  // namespace tagdrift::node
