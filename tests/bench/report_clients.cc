#include "report_clients.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/client_unary_call.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace tagdrift::bench {
namespace {

constexpr std::chrono::seconds kPatience(120);

grpc::ByteBuffer Serialized(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

}  // namespace

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

grpc::ByteBuffer GetReport(grpc::Channel& channel, const v1::GetReportRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  grpc::ByteBuffer response;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      &channel, grpc::internal::RpcMethod("/tagdrift.v1.NodeCache/GetReport", grpc::internal::RpcMethod::NORMAL_RPC),
      &context, Serialized(request), &response);
  if (status.ok()) return response;
  std::cerr << "GetReport: " << status.error_message() << '\n';
  std::exit(1);
}

class WatcherCrowd::Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Watcher(WatcherCrowd& crowd, std::size_t index, const std::shared_ptr<grpc::Channel>& channel)
      : crowd_(crowd), index_(index), stub_(channel) {
    stub_.PrepareBidiStreamingCall(&context_, "/tagdrift.v1.NodeCache/WatchReport", {}, this);
    StartWriteLast(&request_, {});
    StartRead(&message_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    {
      const std::lock_guard lock(crowd_.mutex_);
      crowd_.had_[index_].push_back(steady_clock::now());
      crowd_.changed_.notify_all();
    }
    message_.Clear();
    StartRead(&message_);
  }
  void OnDone(const grpc::Status&) override {
    const std::lock_guard lock(crowd_.mutex_);
    --crowd_.running_;
    crowd_.changed_.notify_all();
  }

  WatcherCrowd& crowd_;
  const std::size_t index_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_ = Serialized(v1::WatchReportRequest());
  grpc::ByteBuffer message_;
};

WatcherCrowd::WatcherCrowd(const std::string& endpoint, int count, int connections)
    : had_(static_cast<std::size_t>(count)), running_(count) {
  for (int i = 0; i < connections; ++i) channels_.push_back(ConnectTo(endpoint));
  for (std::size_t i = 0; i < had_.size(); ++i) {
    watchers_.push_back(std::make_unique<Watcher>(*this, i, channels_[i % channels_.size()]));
  }
}

WatcherCrowd::~WatcherCrowd() {
  for (const auto& watcher : watchers_) watcher->Cancel();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_ == 0; });
}

bool WatcherCrowd::AwaitMessages(int messages, std::chrono::seconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] {
    return std::ranges::all_of(had_, [&](const auto& had) { return had.size() >= static_cast<std::size_t>(messages); });
  });
}

std::vector<steady_clock::time_point> WatcherCrowd::Had(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  std::vector<steady_clock::time_point> times;
  for (const auto& had : had_) {
    if (had.size() > index) times.push_back(had[index]);
  }
  return times;
}

}  // namespace tagdrift::bench
