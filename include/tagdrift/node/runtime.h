#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/node/containerd_actions.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/cri_actions.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The services behind one runtime socket.
struct RuntimeClients {
  std::unique_ptr<CriClient> cri;
  std::unique_ptr<ContainerdClient> containerd;
  std::unique_ptr<CriActions> cri_actions = {};
  std::unique_ptr<ContainerdActions> containerd_actions = {};
};

/// The absolute socket path of a runtime endpoint: "unix:///run/x.sock", "unix:/run/x.sock" or "/run/x.sock".
/// Errors: InvalidArgument for anything else and for paths that no socket can have.
absl::StatusOr<std::string> SocketPath(const std::string& endpoint);

/// Connects to `endpoint` ("unix:///run/containerd/containerd.sock", or a bare path) and makes sure that it speaks CRI
/// v1. `timeout` bounds every later call too. Receives messages up to 64 MiB (containerd's own default is 16). Errors,
/// each naming the socket and what to do: InvalidArgument (not a unix endpoint), NotFound (no such socket; names the
/// sockets of other distributions that do exist), PermissionDenied (run as root), FailedPrecondition (not a socket, or
/// no CRI v1 behind it), Unavailable (nobody listens), DeadlineExceeded.
absl::StatusOr<RuntimeClients> Connect(const std::string& endpoint, absl::Duration timeout);

}  // namespace tagdrift::node
