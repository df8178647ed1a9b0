#include "tagdrift/node/containerd_client.h"

#include <utility>

#include "containerd/services/content/v1/content.grpc.pb.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "containerd/services/version/v1/version.grpc.pb.h"
#include "containerd_client_grpc.h"
#include "kubernetes_context.h"
#include "rpc.h"

namespace tagdrift::node {
namespace {

namespace content = containerd::services::content::v1;
namespace images = containerd::services::images::v1;
namespace version = containerd::services::version::v1;

ImageRecord FromMessage(const images::Image& image) {
  ImageRecord record;
  record.name = image.name();
  record.target_digest = image.target().digest();
  record.target_media_type = image.target().media_type();
  record.target_size = image.target().size();
  record.labels = {image.labels().begin(), image.labels().end()};
  record.created_at = FromProto(image.created_at());
  record.updated_at = FromProto(image.updated_at());
  return record;
}

class GrpcContainerdClient final : public ContainerdClient {
 public:
  GrpcContainerdClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : images_(images::Images::NewStub(channel)),
        content_(content::Content::NewStub(channel)),
        version_(version::Version::NewStub(channel)),
        timeout_(timeout) {}

  absl::StatusOr<std::string> Version() override {
    KubernetesContext context;
    auto response =
        Call<version::VersionResponse>(*version_, &version::Version::Stub::Version, context, google::protobuf::Empty(),
                                       "asking containerd for its version", timeout_);
    if (!response.ok()) return response.status();
    return response->version();
  }

  absl::StatusOr<std::vector<ImageRecord>> ListImages() override {
    KubernetesContext context;
    auto response =
        Call<images::ListImagesResponse>(*images_, &images::Images::Stub::List, context, images::ListImagesRequest(),
                                         "listing containerd's image store", timeout_);
    if (!response.ok()) return response.status();
    std::vector<ImageRecord> records;
    records.reserve(static_cast<std::size_t>(response->images_size()));
    for (const auto& image : response->images()) records.push_back(FromMessage(image));
    return records;
  }

  absl::StatusOr<std::optional<ImageRecord>> GetImage(const std::string& name) override {
    KubernetesContext context;
    images::GetImageRequest request;
    request.set_name(name);
    auto response = Call<images::GetImageResponse>(*images_, &images::Images::Stub::Get, context, request,
                                                   "asking containerd's image store for " + name, timeout_);
    if (absl::IsNotFound(response.status())) return std::nullopt;
    if (!response.ok()) return response.status();
    return FromMessage(response->image());
  }

  absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest) override {
    KubernetesContext context;
    content::InfoRequest request;
    request.set_digest(digest.text());
    auto response = Call<content::InfoResponse>(*content_, &content::Content::Stub::Info, context, request,
                                                "asking containerd's content store for " + digest.Short(), timeout_);
    if (absl::IsNotFound(response.status())) return std::nullopt;
    if (!response.ok()) return response.status();
    return ContentInfo{response->info().size(), {response->info().labels().begin(), response->info().labels().end()}};
  }

  absl::StatusOr<std::string> Read(const image::Digest& digest, std::size_t limit) override {
    const std::string doing = "reading " + digest.Short() + " from containerd's content store";
    KubernetesContext context;
    SetDeadline(context, timeout_);
    content::ReadContentRequest request;
    request.set_digest(digest.text());
    auto stream = content_->Read(&context, request);
    std::string bytes;
    content::ReadContentResponse chunk;
    while (stream->Read(&chunk)) {
      if (chunk.data().size() > limit - bytes.size()) {
        context.TryCancel();
        stream->Finish();
        return absl::ResourceExhaustedError(doing + ": it is larger than " + std::to_string(limit) + " bytes");
      }
      bytes += chunk.data();
    }
    if (const grpc::Status status = stream->Finish(); !status.ok()) return FromRpc(status, doing, timeout_);
    return bytes;
  }

 private:
  std::unique_ptr<images::Images::Stub> images_;
  std::unique_ptr<content::Content::Stub> content_;
  std::unique_ptr<version::Version::Stub> version_;
  absl::Duration timeout_;
};

}  // namespace

std::unique_ptr<ContainerdClient> MakeContainerdClient(const std::shared_ptr<grpc::Channel>& channel,
                                                       absl::Duration timeout) {
  return std::make_unique<GrpcContainerdClient>(channel, timeout);
}

}  // namespace tagdrift::node
