#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "node/temporary_folder.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::remote {

/// A server of both services of an agent. What is not scripted is not implemented.
class ScriptedAgent {
 public:
  template <typename Request, typename Response>
  using Unary = std::function<grpc::Status(const Request&, Response&)>;
  template <typename Request, typename Response>
  using Stream = std::function<grpc::Status(const Request&, grpc::ServerWriter<Response>&)>;

  struct Script {
    Unary<v1::GetReportRequest, v1::GetReportResponse> get_report = {};
    Unary<v1::ExplainRequest, v1::ExplainResponse> explain = {};
    Unary<v1::ListRegistriesRequest, v1::ListRegistriesResponse> list_registries = {};
    Unary<v1::ListImagesRequest, v1::ListImagesResponse> list_images = {};
    Stream<v1::RefreshRequest, v1::RefreshResponse> refresh = {};
    Stream<v1::PrePullRequest, v1::PrePullResponse> prepull = {};
    Stream<v1::EvictRequest, v1::EvictResponse> evict = {};
    /// Calls wait until they are cancelled, whatever else is scripted; streams after it.
    bool hangs = false;
  };

  /// On a unix socket: agent.sock in a folder of its own, or `path`.
  explicit ScriptedAgent(Script script, const std::string& path = "");
  /// On a free port of 127.0.0.1.
  ScriptedAgent(Script script, const std::shared_ptr<grpc::ServerCredentials>& credentials);
  /// Ends the calls that are under way.
  ~ScriptedAgent();
  ScriptedAgent(const ScriptedAgent&) = delete;
  ScriptedAgent& operator=(const ScriptedAgent&) = delete;

  /// "unix:///…" or "127.0.0.1:PORT".
  const std::string& address() const { return address_; }

  /// Waits until a call hangs; false where none does within a minute.
  bool AwaitHanging();

 private:
  class Reading;
  class Acting;
  class Gate;

  void Start(Script script, const std::string& listener, const std::shared_ptr<grpc::ServerCredentials>& credentials);

  node::TemporaryFolder folder_;
  std::string address_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<Reading> reading_;
  std::unique_ptr<Acting> acting_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tagdrift::remote
