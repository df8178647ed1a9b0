#include "tagdrift/node/cri_client.h"

#include <utility>

#include "cri_client_grpc.h"
#include "cri_messages.h"
#include "rpc.h"
#include "runtime/v1/api.grpc.pb.h"

namespace tagdrift::node {
namespace {

using runtime::v1::ImageService;
using runtime::v1::RuntimeService;

class GrpcCriClient final : public CriClient {
 public:
  GrpcCriClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : runtime_(RuntimeService::NewStub(channel)), images_(ImageService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<CriVersion> Version() override {
    runtime::v1::VersionRequest request;
    request.set_version("v1");
    auto response = AskRuntime<runtime::v1::VersionResponse>(&RuntimeService::Stub::Version, request,
                                                             "asking the runtime for its version");
    if (!response.ok()) return response.status();
    return CriVersion{response->runtime_name(), response->runtime_version(), response->runtime_api_version()};
  }

  absl::StatusOr<CriStatus> Status() override {
    runtime::v1::StatusRequest request;
    request.set_verbose(true);
    auto response = AskRuntime<runtime::v1::StatusResponse>(&RuntimeService::Stub::Status, request,
                                                            "asking the runtime for its status");
    if (!response.ok()) return response.status();
    CriStatus result;
    for (const auto& condition : response->status().conditions()) {
      result.conditions.push_back({condition.type(), condition.status(), condition.reason(), condition.message()});
    }
    result.info = {response->info().begin(), response->info().end()};
    return result;
  }

  absl::StatusOr<std::vector<CriImage>> ListImages() override {
    auto response = AskImages<runtime::v1::ListImagesResponse>(
        &ImageService::Stub::ListImages, runtime::v1::ListImagesRequest(), "listing the runtime's images");
    if (!response.ok()) return response.status();
    return FromMessages<CriImage>(response->images());
  }

  absl::StatusOr<std::optional<CriImage>> ImageStatus(const std::string& name) override {
    runtime::v1::ImageStatusRequest request;
    request.mutable_image()->set_image(name);
    auto response = AskImages<runtime::v1::ImageStatusResponse>(&ImageService::Stub::ImageStatus, request,
                                                                "asking the runtime for " + name);
    if (absl::IsNotFound(response.status())) return std::nullopt;
    if (!response.ok()) return response.status();
    if (!response->has_image()) return std::nullopt;
    return FromMessage(response->image());
  }

  absl::StatusOr<std::vector<CriContainer>> ListContainers() override {
    auto response = AskRuntime<runtime::v1::ListContainersResponse>(
        &RuntimeService::Stub::ListContainers, runtime::v1::ListContainersRequest(), "listing containers");
    if (!response.ok()) return response.status();
    return FromMessages<CriContainer>(response->containers());
  }

  absl::StatusOr<std::vector<CriSandbox>> ListPodSandbox() override {
    auto response = AskRuntime<runtime::v1::ListPodSandboxResponse>(
        &RuntimeService::Stub::ListPodSandbox, runtime::v1::ListPodSandboxRequest(), "listing pod sandboxes");
    if (!response.ok()) return response.status();
    return FromMessages<CriSandbox>(response->items());
  }

  absl::StatusOr<std::vector<CriFilesystem>> ImageFsInfo() override {
    auto response = AskImages<runtime::v1::ImageFsInfoResponse>(
        &ImageService::Stub::ImageFsInfo, runtime::v1::ImageFsInfoRequest(), "asking for the image file system");
    if (!response.ok()) return response.status();
    std::vector<CriFilesystem> result;
    for (const auto& usage : response->image_filesystems()) {
      result.push_back({usage.fs_id().mountpoint(), static_cast<std::int64_t>(usage.used_bytes().value())});
    }
    return result;
  }

 private:
  template <typename Response, typename Method, typename Request>
  absl::StatusOr<Response> AskRuntime(Method method, const Request& request, const std::string& doing) {
    grpc::ClientContext context;
    return Call<Response>(*runtime_, method, context, request, doing, timeout_);
  }

  template <typename Response, typename Method, typename Request>
  absl::StatusOr<Response> AskImages(Method method, const Request& request, const std::string& doing) {
    grpc::ClientContext context;
    return Call<Response>(*images_, method, context, request, doing, timeout_);
  }

  template <typename Value, typename Messages>
  static std::vector<Value> FromMessages(const Messages& messages) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(messages.size()));
    for (const auto& message : messages) values.push_back(FromMessage(message));
    return values;
  }

  std::unique_ptr<RuntimeService::Stub> runtime_;
  std::unique_ptr<ImageService::Stub> images_;
  absl::Duration timeout_;
};

}  // namespace

std::unique_ptr<CriClient> MakeCriClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout) {
  return std::make_unique<GrpcCriClient>(channel, timeout);
}

}  // namespace tagdrift::node
