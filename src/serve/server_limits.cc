#include "serve/server_limits.h"

namespace tagdrift::serve {
namespace {

/// The largest request has patterns; answers are as large as they are.
constexpr int kMostRequestBytes = 512 << 10;
constexpr int kMostStreams = 1100;
/// Of gRPC's synchronous services: reflection holds one for each open stream.
constexpr int kMostThreads = 8;

}  // namespace

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMostRequestBytes);
  builder.SetMaxSendMessageSize(-1);
  grpc::ResourceQuota quota("tagdrift");
  quota.SetMaxThreads(kMostThreads);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

}  // namespace tagdrift::serve
