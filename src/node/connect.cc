#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "actions_grpc.h"
#include "containerd_client_grpc.h"
#include "cri_client_grpc.h"
#include "endpoint.h"
#include "rpc.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::node {
namespace {

constexpr absl::Duration kFirstAnswer = absl::Seconds(5);

/// gRPC writes its own lines about failing sockets to stderr; ours say the same, once and plainly.
void SilenceGrpc() {
  gpr_set_log_function([](gpr_log_func_args*) {});
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& path) {
  grpc::ChannelArguments arguments;
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  return grpc::CreateCustomChannel(ChannelTarget(path), grpc::InsecureChannelCredentials(), arguments);
}

/// Why a socket that accepts connections does not speak CRI v1.
absl::Status ExplainNoCri(const std::string& path, const absl::Status& why, ContainerdClient& containerd) {
  const std::string doing = "connecting to " + path + ": ";
  if (absl::IsUnimplemented(why)) {
    const absl::StatusOr<std::string> version = containerd.Version();
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
  if (std::string_view(why.message().data(), why.message().size()).ends_with(kNoConnection)) {
    return absl::FailedPreconditionError(
        doing +
        "something listens there but does not speak gRPC; name a container runtime's socket with "
        "--runtime-endpoint");
  }
  return absl::Status(why.code(), doing + std::string(why.message()));
}

}  // namespace

absl::StatusOr<RuntimeClients> Connect(const std::string& endpoint, absl::Duration timeout) {
  const absl::StatusOr<std::string> path = SocketPath(endpoint);
  if (!path.ok()) return path.status();
  if (const absl::Status probe = ProbeSocket(*path); !probe.ok()) return probe;
  SilenceGrpc();
  const std::shared_ptr<grpc::Channel> channel = MakeChannel(*path);
  RuntimeClients clients{MakeCriClient(channel, timeout), MakeContainerdClient(channel, timeout),
                         MakeCriActions(channel, timeout), MakeContainerdActions(channel, timeout)};
  // A socket that accepts and stays silent is no runtime; a live one answers this at once.
  const absl::StatusOr<CriVersion> version = MakeCriClient(channel, std::min(timeout, kFirstAnswer))->Version();
  if (!version.ok()) return ExplainNoCri(*path, version.status(), *clients.containerd);
  return clients;
}

}  // namespace tagdrift::node
