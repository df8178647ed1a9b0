#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace tagdrift::node {

/// The gRPC channel to one unix socket. Thread safe.
class Connection {
 public:
  explicit Connection(const std::string& path);

  std::shared_ptr<grpc::Channel> channel() const;

  /// True: the channel was used before, so a failing call may be due to a server that is gone since.
  bool WasUsed() const;
  /// Replaces the channel where it failed to connect: it would wait before it tries again.
  void ReplaceFailed();
  /// Replaces the channel. Calls that are under way keep theirs.
  void Replace();

 private:
  std::string target_;
  mutable std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
};

/// A client's stubs on the present channel of its connection; `Stubs` is made from a channel. Thread safe.
template <typename Stubs>
class StubsOn {
 public:
  explicit StubsOn(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  /// To be held for as long as the call lasts.
  std::shared_ptr<const Stubs> Get() {
    std::shared_ptr<grpc::Channel> channel = connection_->channel();
    const std::lock_guard lock(mutex_);
    if (channel != channel_) {
      stubs_ = std::make_shared<const Stubs>(channel);
      channel_ = std::move(channel);
    }
    return stubs_;
  }

 private:
  std::shared_ptr<Connection> connection_;
  std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<const Stubs> stubs_;
};

}  // namespace tagdrift::node
