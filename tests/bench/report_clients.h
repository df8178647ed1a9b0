#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tagdrift/v1/node_cache.pb.h"

/// Clients that take a daemon's messages without reading them: what is measured is the daemon, not Protobuf.
namespace tagdrift::bench {

using std::chrono::steady_clock;

/// A connection of its own, to "unix:///run/tagdrift/reader.sock".
std::shared_ptr<grpc::Channel> ConnectTo(const std::string& endpoint);

/// Ends the program where the daemon refuses.
grpc::ByteBuffer GetReport(grpc::Channel& channel, const v1::GetReportRequest& request);

/// Watchers of the whole report.
class WatcherCrowd {
 public:
  /// `count` of them over so many connections. They begin at once.
  WatcherCrowd(const std::string& endpoint, int count, int connections);
  /// Cancels and waits for the end.
  ~WatcherCrowd();
  WatcherCrowd(const WatcherCrowd&) = delete;
  WatcherCrowd& operator=(const WatcherCrowd&) = delete;

  /// Whether each has had this many messages before `limit` has passed.
  bool AwaitMessages(int messages, std::chrono::seconds limit);
  /// When each had its message number `index`, the first one being 0; those who have had it.
  std::vector<steady_clock::time_point> Had(std::size_t index) const;

 private:
  class Watcher;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<steady_clock::time_point>> had_;  ///< by watcher; mutex_
  int running_ = 0;                                         ///< mutex_
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
};

}  // namespace tagdrift::bench
