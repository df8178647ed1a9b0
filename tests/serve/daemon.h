#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "agent/scene.h"
#include "await.h"
#include "tagdrift/serve/serve.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::serve {

/// The daemon over the node of a scene.
class Daemon {
 public:
  explicit Daemon(
      agent::Scene& scene, const std::function<void(Options&)>& set = [](Options&) {}) {
    Options options;
    options.version = "test";
    options.host_root = scene.root.path();
    options.socket_dir = folder_.path().string() + "/run";
    options.metrics = "";
    options.health = "";
    options.audit = [this](const report::AuditRecord& record) {
      const std::lock_guard lock(mutex_);
      audit_.push_back(record);
      return absl::OkStatus();
    };
    set(options);
    directory_ = options.socket_dir;
    serving_ = std::async(std::launch::async, [this, &scene, options = std::move(options)] {
      return Serve(options, *scene.agent, stop_.get_token());
    });
    for (const char* socket : {"/reader.sock", "/operator.sock"}) {
      struct stat status {};
      Await([&] { return stat((directory_ + socket).c_str(), &status) == 0; });
    }
    reader = v1::NodeCache::NewStub(Channel("reader.sock"));
    operator_ = v1::NodeCache::NewStub(Channel("operator.sock"));
    actions = v1::NodeCacheActions::NewStub(Channel("operator.sock"));
  }
  ~Daemon() { EXPECT_TRUE(Stop().ok()); }

  void RequestStop() { stop_.request_stop(); }
  absl::Status Stop() {
    RequestStop();
    return serving_.valid() ? serving_.get() : absl::OkStatus();
  }
  std::shared_ptr<grpc::Channel> Channel(const std::string& socket) const {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 << 20);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("unix://" + Path(socket), grpc::InsecureChannelCredentials(), arguments);
  }
  std::string Path(const std::string& socket) const { return directory_ + "/" + socket; }
  std::vector<report::AuditRecord> audit() {
    const std::lock_guard lock(mutex_);
    return audit_;
  }

  std::unique_ptr<v1::NodeCache::Stub> reader;
  std::unique_ptr<v1::NodeCache::Stub> operator_;
  std::unique_ptr<v1::NodeCacheActions::Stub> actions;

 private:
  hosts::TreeFolder folder_;
  std::string directory_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::vector<report::AuditRecord> audit_;
  std::future<absl::Status> serving_;
};

inline void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

}  // namespace tagdrift::serve
