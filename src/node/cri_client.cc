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

struct CriStubs {
  explicit CriStubs(const std::shared_ptr<grpc::Channel>& channel)
      : runtime(RuntimeService::NewStub(channel)), images(ImageService::NewStub(channel)) {}

  std::unique_ptr<RuntimeService::Stub> runtime;
  std::unique_ptr<ImageService::Stub> images;
};

class GrpcCriClient final : public CriClient {
 public:
  GrpcCriClient(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit)
      : stubs_(std::move(connection)), limit_(limit) {}

  absl::StatusOr<CriVersion> Version(const CallContext& context) override {
    runtime::v1::VersionRequest request;
    request.set_version("v1");
    auto response = Ask<runtime::v1::VersionResponse>(&CriStubs::runtime, &RuntimeService::Stub::Version, request,
                                                      "asking the runtime for its version", context);
    if (!response.ok()) return response.status();
    return CriVersion{response->runtime_name(), response->runtime_version(), response->runtime_api_version()};
  }

  absl::StatusOr<CriStatus> Status(const CallContext& context) override {
    runtime::v1::StatusRequest request;
    request.set_verbose(true);
    auto response = Ask<runtime::v1::StatusResponse>(&CriStubs::runtime, &RuntimeService::Stub::Status, request,
                                                     "asking the runtime for its status", context);
    if (!response.ok()) return response.status();
    CriStatus result;
    for (const auto& condition : response->status().conditions()) {
      result.conditions.push_back({condition.type(), condition.status(), condition.reason(), condition.message()});
    }
    result.info = {response->info().begin(), response->info().end()};
    return result;
  }

  absl::StatusOr<std::vector<CriImage>> ListImages(const CallContext& context) override {
    auto response =
        Ask<runtime::v1::ListImagesResponse>(&CriStubs::images, &ImageService::Stub::ListImages,
                                             runtime::v1::ListImagesRequest(), "listing the runtime's images", context);
    if (!response.ok()) return response.status();
    return FromMessages<CriImage>(response->images());
  }

  absl::StatusOr<std::optional<CriImage>> ImageStatus(const std::string& name, const CallContext& context) override {
    runtime::v1::ImageStatusRequest request;
    request.mutable_image()->set_image(name);
    auto response = Ask<runtime::v1::ImageStatusResponse>(&CriStubs::images, &ImageService::Stub::ImageStatus, request,
                                                          "asking the runtime for " + name, context);
    if (absl::IsNotFound(response.status())) return std::nullopt;
    if (!response.ok()) return response.status();
    if (!response->has_image()) return std::nullopt;
    return FromMessage(response->image());
  }

  absl::StatusOr<std::vector<CriContainer>> ListContainers(const CallContext& context) override {
    auto response =
        Ask<runtime::v1::ListContainersResponse>(&CriStubs::runtime, &RuntimeService::Stub::ListContainers,
                                                 runtime::v1::ListContainersRequest(), "listing containers", context);
    if (!response.ok()) return response.status();
    return FromMessages<CriContainer>(response->containers());
  }

  absl::StatusOr<std::vector<CriSandbox>> ListPodSandbox(const CallContext& context) override {
    auto response = Ask<runtime::v1::ListPodSandboxResponse>(&CriStubs::runtime, &RuntimeService::Stub::ListPodSandbox,
                                                             runtime::v1::ListPodSandboxRequest(),
                                                             "listing pod sandboxes", context);
    if (!response.ok()) return response.status();
    return FromMessages<CriSandbox>(response->items());
  }

  absl::StatusOr<std::vector<CriFilesystem>> ImageFsInfo(const CallContext& context) override {
    auto response = Ask<runtime::v1::ImageFsInfoResponse>(&CriStubs::images, &ImageService::Stub::ImageFsInfo,
                                                          runtime::v1::ImageFsInfoRequest(),
                                                          "asking for the image file system", context);
    if (!response.ok()) return response.status();
    std::vector<CriFilesystem> result;
    for (const auto& usage : response->image_filesystems()) {
      result.push_back({usage.fs_id().mountpoint(), static_cast<std::int64_t>(usage.used_bytes().value())});
    }
    return result;
  }

 private:
  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Ask(std::unique_ptr<Stub> CriStubs::*stub, Method method, const Request& request,
                               std::string doing, const CallContext& context) {
    const auto stubs = stubs_.Get();
    Rpc rpc(std::move(doing), context, limit_);
    return Call<Response>(*((*stubs).*stub), method, request, rpc);
  }

  template <typename Value, typename Messages>
  static std::vector<Value> FromMessages(const Messages& messages) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(messages.size()));
    for (const auto& message : messages) values.push_back(FromMessage(message));
    return values;
  }

  StubsOn<CriStubs> stubs_;
  std::chrono::nanoseconds limit_;
};

}  // namespace

std::unique_ptr<CriClient> MakeCriClient(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit) {
  return std::make_unique<GrpcCriClient>(std::move(connection), limit);
}

}  // namespace tagdrift::node
