#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/node/containerd_actions.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/cri_actions.h"
#include "tagdrift/node/cri_client.h"
#include "tagdrift/node/node_changes.h"

namespace tagdrift::node {

class Connection;

/// The services behind one runtime socket, for many rounds and actions at once: every member is thread safe.
struct RuntimeClients {
  std::unique_ptr<CriClient> cri;
  std::unique_ptr<ContainerdClient> containerd;
  std::unique_ptr<CriActions> cri_actions = {};
  std::unique_ptr<ContainerdActions> containerd_actions = {};
  std::unique_ptr<NodeChanges> changes = {};  ///< null where there are none to follow
  /// What Reach probes and renews; null for clients that were not made by MakeClients.
  std::shared_ptr<Connection> connection = {};
};

/// The absolute socket path of a runtime endpoint: "unix:///run/x.sock", "unix:/run/x.sock" or "/run/x.sock".
/// Errors: InvalidArgument for anything else and for paths that no socket can have.
absl::StatusOr<std::string> SocketPath(const std::string& endpoint);

/// Clients for `endpoint` ("unix:///run/containerd/containerd.sock", or a bare path); does no I/O. Each of their calls
/// takes at most `call_limit`, but for pulls. Messages of up to 64 MiB are received (containerd's own default is 16).
/// Errors: InvalidArgument where `endpoint` is no unix endpoint.
absl::StatusOr<RuntimeClients> MakeClients(const std::string& endpoint,
                                           std::chrono::nanoseconds call_limit = std::chrono::seconds(20));

/// Makes sure that `endpoint`, for which `clients` were made, speaks CRI v1, and answers its version: to be called at
/// the start of each round. Connects anew at once where a runtime that was away is back. Clients that were not made by
/// MakeClients are only asked for their version. The first answer must come within 5 s. Errors, each naming the socket
/// and what to do: NotFound (no such socket; names the sockets of other distributions that do exist), PermissionDenied
/// (run as root), FailedPrecondition (not a socket, or no CRI v1 behind it), Unavailable (nobody listens),
/// DeadlineExceeded, Cancelled.
absl::StatusOr<CriVersion> Reach(const std::string& endpoint, RuntimeClients& clients, const CallContext& context);

}  // namespace tagdrift::node
