#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "containerd/services/content/v1/content.grpc.pb.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "containerd/services/version/v1/version.grpc.pb.h"
#include "runtime/v1/api.grpc.pb.h"
#include "temporary_folder.h"

namespace tagdrift::node {

/// Answers of a runtime; set before or between calls.
struct RuntimeAnswers {
  grpc::Status status;  ///< instead of every answer of the CRI when not OK
  runtime::v1::VersionResponse version;
  runtime::v1::StatusResponse runtime_status;
  runtime::v1::ListImagesResponse images;
  std::map<std::string, runtime::v1::Image> image_status;
  runtime::v1::ListContainersResponse containers;
  runtime::v1::ListPodSandboxResponse sandboxes;
  runtime::v1::ImageFsInfoResponse filesystems;
  containerd::services::images::v1::ListImagesResponse records;
  std::map<std::string, std::string> blobs;
  grpc::Status content_list_end;  ///< of a listing of the content store, after all blobs
  /// When set, ListImages of the CRI answers only after this is ready.
  std::shared_future<void> release;
};

/// A real gRPC server on a unix socket with the services of a container runtime.
class FakeRuntime {
 public:
  enum class Services { kAll, kOnlyCri, kOnlyContainerd, kOnlyContent };

  explicit FakeRuntime(Services services = Services::kAll);
  ~FakeRuntime();

  const std::string& socket() const { return socket_; }
  std::string endpoint() const { return "unix://" + socket_; }
  RuntimeAnswers& answers() { return answers_; }

  /// The namespace that the last call of containerd's services named.
  std::string last_namespace() const;

  void Stop();
  /// Again, at the same socket.
  void Start();

 private:
  class Cri;
  class Images;
  class Content;
  class Runtime;
  class Introduction;

  /// As containerd: every namespaced call must name its namespace.
  grpc::Status CheckNamespace(const grpc::ServerContext& context);

  TemporaryFolder folder_;
  std::string socket_ = folder_.path() + "/runtime.sock";
  RuntimeAnswers answers_;
  mutable std::mutex mutex_;
  std::string last_namespace_;  ///< under mutex_
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tagdrift::node
