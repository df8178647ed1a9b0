#include "connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "endpoint.h"
#include "rpc.h"

namespace tagdrift::node {
namespace {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A channel of its own connects at once, whatever another one is waiting for.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Connection::Connection(const std::string& path) : target_(ChannelTarget(path)), channel_(MakeChannel(target_)) {}

std::shared_ptr<grpc::Channel> Connection::channel() const {
  const std::lock_guard lock(mutex_);
  return channel_;
}

bool Connection::WasUsed() const { return channel()->GetState(false) != GRPC_CHANNEL_IDLE; }

void Connection::ReplaceFailed() {
  if (channel()->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE) Replace();
}

void Connection::Replace() {
  std::shared_ptr<grpc::Channel> fresh = MakeChannel(target_);
  const std::lock_guard lock(mutex_);
  channel_.swap(fresh);
}

}  // namespace tagdrift::node
