#include "serve/server_limits.h"

#include <cstddef>

namespace tagdrift::serve {
namespace {

/// The largest request has patterns; answers are as large as they are.
constexpr int kMostRequestBytes = 512 << 10;
/// Of a connection; fewer are not recommended for HTTP/2 (RFC 9113, 6.5.2).
constexpr int kMostStreams = 100;
/// Of a server: connections, requests, and what a call takes while its answer is not taken. A full 64 connections of
/// one user with as many streams fit in, with small requests; beyond, gRPC ends idle connections, then calls. Not what
/// answers are made of: the report is there once for all of them, and Views bounds the other views of it.
constexpr std::size_t kMostCallBytes = 64 << 20;
/// Of gRPC's synchronous services: reflection holds one for each open stream.
constexpr int kMostThreads = 8;

}  // namespace

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMostRequestBytes);
  builder.SetMaxSendMessageSize(-1);
  grpc::ResourceQuota quota("tagdrift");
  quota.SetMaxThreads(kMostThreads);
  quota.Resize(kMostCallBytes);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

}  // namespace tagdrift::serve
