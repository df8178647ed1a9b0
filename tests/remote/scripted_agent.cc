#include "scripted_agent.h"

#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace tagdrift::remote {

/// Where calls hang.
class ScriptedAgent::Gate {
 public:
  void HangUntilCancelled(const grpc::ServerContext& context) {
    std::unique_lock lock(mutex_);
    ++hanging_;
    changed_.notify_all();
    while (!context.IsCancelled()) changed_.wait_for(lock, std::chrono::milliseconds(10));
  }
  bool AwaitHanging() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return hanging_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int hanging_ = 0;
};

class ScriptedAgent::Reading final : public v1::NodeCache::Service {
 public:
  Reading(const Script& script, Gate& gate) : script_(script), gate_(gate) {}

  grpc::Status GetReport(grpc::ServerContext* context, const v1::GetReportRequest* request,
                         v1::GetReportResponse* response) override {
    return Answer(script_.get_report, context, request, response);
  }
  grpc::Status Explain(grpc::ServerContext* context, const v1::ExplainRequest* request,
                       v1::ExplainResponse* response) override {
    return Answer(script_.explain, context, request, response);
  }
  grpc::Status ListRegistries(grpc::ServerContext* context, const v1::ListRegistriesRequest* request,
                              v1::ListRegistriesResponse* response) override {
    return Answer(script_.list_registries, context, request, response);
  }
  grpc::Status ListImages(grpc::ServerContext* context, const v1::ListImagesRequest* request,
                          v1::ListImagesResponse* response) override {
    return Answer(script_.list_images, context, request, response);
  }

 private:
  template <typename Scripted, typename Request, typename Response>
  grpc::Status Answer(const Scripted& scripted, grpc::ServerContext* context, const Request* request,
                      Response* response) {
    if (script_.hangs) gate_.HangUntilCancelled(*context);
    return scripted ? scripted(*request, *response) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "not scripted");
  }

  const Script script_;
  Gate& gate_;
};

class ScriptedAgent::Acting final : public v1::NodeCacheActions::Service {
 public:
  Acting(const Script& script, Gate& gate) : script_(script), gate_(gate) {}

  grpc::Status Refresh(grpc::ServerContext* context, const v1::RefreshRequest* request,
                       grpc::ServerWriter<v1::RefreshResponse>* writer) override {
    return Answer(script_.refresh, context, request, writer);
  }
  grpc::Status PrePull(grpc::ServerContext* context, const v1::PrePullRequest* request,
                       grpc::ServerWriter<v1::PrePullResponse>* writer) override {
    return Answer(script_.prepull, context, request, writer);
  }
  grpc::Status Evict(grpc::ServerContext* context, const v1::EvictRequest* request,
                     grpc::ServerWriter<v1::EvictResponse>* writer) override {
    return Answer(script_.evict, context, request, writer);
  }

 private:
  template <typename Scripted, typename Request, typename Writer>
  grpc::Status Answer(const Scripted& scripted, grpc::ServerContext* context, const Request* request, Writer* writer) {
    const grpc::Status status =
        scripted ? scripted(*request, *writer) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "not scripted");
    if (script_.hangs) gate_.HangUntilCancelled(*context);
    return status;
  }

  const Script script_;
  Gate& gate_;
};

ScriptedAgent::ScriptedAgent(Script script, const std::string& path) {
  address_ = "unix://" + (path.empty() ? folder_.path() + "/agent.sock" : path);
  Start(std::move(script), "unix:" + address_.substr(7), grpc::InsecureServerCredentials());
}

ScriptedAgent::ScriptedAgent(Script script, const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  Start(std::move(script), "127.0.0.1:0", credentials);
}

ScriptedAgent::~ScriptedAgent() { server_->Shutdown(std::chrono::system_clock::now()); }

bool ScriptedAgent::AwaitHanging() { return gate_->AwaitHanging(); }

void ScriptedAgent::Start(Script script, const std::string& listener,
                          const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  // For the process's whole life: gRPC's last shutdown waits for up to 10 s for the poller of a large write.
  [[maybe_unused]] static const bool kept = (grpc_init(), true);
  gate_ = std::make_unique<Gate>();
  reading_ = std::make_unique<Reading>(script, *gate_);
  acting_ = std::make_unique<Acting>(script, *gate_);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.SetMaxSendMessageSize(-1);
  builder.AddListeningPort(listener, credentials, &port);
  builder.RegisterService(reading_.get());
  builder.RegisterService(acting_.get());
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
  if (address_.empty()) address_ = "127.0.0.1:" + std::to_string(port);
}

}  // namespace tagdrift::remote
