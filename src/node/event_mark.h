#pragma once

#include <string>

#include "absl/status/status.h"
#include "containerd/services/events/v1/events.grpc.pb.h"
#include "rpc.h"

namespace tagdrift::node {

/// A subscription to containerd's events is not confirmed, and hears nothing of what came before it. An event of our
/// own that comes back, on a topic that nobody else listens to, tells how far the stream has come.

/// One that no other subscription of any process has.
std::string NewMark();

/// Publishes `mark` under `topic`. Errors: as `rpc` explains them.
absl::Status PublishMark(containerd::services::events::v1::Events::Stub& events, const char* topic,
                         const std::string& mark, Rpc& rpc);

/// The mark that `envelope` holds; empty where it cannot be read.
std::string MarkIn(const containerd::types::Envelope& envelope);

}  // namespace tagdrift::node
