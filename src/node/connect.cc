#include <grpc/support/log.h>

#include <chrono>
#include <string_view>
#include <utility>

#include "actions_grpc.h"
#include "connection.h"
#include "containerd_client_grpc.h"
#include "cri_client_grpc.h"
#include "endpoint.h"
#include "node_changes_grpc.h"
#include "rpc.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::node {
namespace {

constexpr std::chrono::seconds kFirstAnswer(5);

/// gRPC writes its own lines about failing sockets to stderr; ours say the same, once and plainly.
void SilenceGrpc() {
  gpr_set_log_function([](gpr_log_func_args*) {});
}

bool FoundNoServer(const absl::Status& status) {
  return std::string_view(status.message().data(), status.message().size()).ends_with(kNoConnection);
}

/// Why a socket that accepts connections does not speak CRI v1.
absl::Status ExplainNoCri(const std::string& path, const absl::Status& why, ContainerdClient& containerd,
                          const CallContext& context) {
  const std::string doing = "connecting to " + path + ": ";
  if (absl::IsUnimplemented(why)) {
    const absl::StatusOr<std::string> version = containerd.Version(context);
    if (version.ok()) {
      return absl::FailedPreconditionError(
          doing + "containerd " + *version +
          " answers, but not the CRI (runtime.v1): it needs 1.6 or later and its CRI plugin enabled "
          "(disabled_plugins in config.toml) and running");
    }
    return absl::FailedPreconditionError(
        doing +
        "the server there does not offer the CRI (runtime.v1); name a container runtime's socket with "
        "--runtime-endpoint");
  }
  if (FoundNoServer(why)) {
    return absl::FailedPreconditionError(
        doing +
        "something listens there but does not speak gRPC; name a container runtime's socket with "
        "--runtime-endpoint");
  }
  return absl::Status(why.code(), doing + std::string(why.message()));
}

}  // namespace

absl::StatusOr<RuntimeClients> MakeClients(const std::string& endpoint, std::chrono::nanoseconds call_limit) {
  const absl::StatusOr<std::string> path = SocketPath(endpoint);
  if (!path.ok()) return path.status();
  SilenceGrpc();
  auto connection = std::make_shared<Connection>(*path);
  return RuntimeClients{.cri = MakeCriClient(connection, call_limit),
                        .containerd = MakeContainerdClient(connection, call_limit),
                        .cri_actions = MakeCriActions(connection, call_limit),
                        .containerd_actions = MakeContainerdActions(connection, call_limit),
                        .changes = MakeNodeChanges(connection),
                        .connection = connection};
}

absl::StatusOr<CriVersion> Reach(const std::string& endpoint, RuntimeClients& clients, const CallContext& context) {
  // A socket that accepts and stays silent is no runtime; a live one answers at once.
  const CallContext soon = context.Within(std::chrono::steady_clock::now(), kFirstAnswer);
  if (clients.connection == nullptr) return clients.cri->Version(soon);
  const absl::StatusOr<std::string> path = SocketPath(endpoint);
  if (!path.ok()) return path.status();
  if (absl::Status ended = context.Check(std::chrono::steady_clock::now(), "connecting to " + *path); !ended.ok()) {
    return ended;
  }
  if (const absl::Status probe = ProbeSocket(*path); !probe.ok()) return probe;
  clients.connection->ReplaceFailed();
  const bool was_used = clients.connection->WasUsed();
  absl::StatusOr<CriVersion> version = clients.cri->Version(soon);
  if (was_used && FoundNoServer(version.status())) {
    // The runtime was restarted since the last call, which nobody noticed: somebody listens.
    clients.connection->Replace();
    version = clients.cri->Version(soon);
  }
  if (!version.ok()) return ExplainNoCri(*path, version.status(), *clients.containerd, soon);
  return version;
}

}  // namespace tagdrift::node
