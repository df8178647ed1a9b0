#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tagdrift::node {

/// Connects once and hangs up, to tell what a gRPC channel would not: no such socket, no permission, no socket, nobody
/// listening. Errors as Connect's.
absl::Status ProbeSocket(const std::string& path);

/// gRPC's target for the socket.
std::string ChannelTarget(const std::string& path);

/// Where runtimes of the known distributions listen.
const std::vector<std::string>& KnownSockets();

/// A socket connected to `path` without waiting; -1 with errno set where that fails.
int ConnectSocket(const std::string& path);

}  // namespace tagdrift::node
