#include "tagdrift/node/containerd_client.h"

#include <optional>
#include <string>
#include <utility>

#include "blob_reads.h"
#include "containerd/services/containers/v1/containers.grpc.pb.h"
#include "containerd/services/content/v1/content.grpc.pb.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "containerd/services/version/v1/version.grpc.pb.h"
#include "containerd_client_grpc.h"
#include "rpc.h"

namespace tagdrift::node {
namespace {

namespace containers = containerd::services::containers::v1;
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

void TakeListed(const content::Info& info, ContentListing& listing) {
  auto* labels = listing.Add(info.digest());
  if (labels != nullptr) *labels = {info.labels().begin(), info.labels().end()};
}

struct StoreStubs {
  explicit StoreStubs(const std::shared_ptr<grpc::Channel>& channel)
      : image_store(images::Images::NewStub(channel)),
        container_store(containers::Containers::NewStub(channel)),
        content_store(content::Content::NewStub(channel)),
        introduction(version::Version::NewStub(channel)) {}

  std::unique_ptr<images::Images::Stub> image_store;
  std::unique_ptr<containers::Containers::Stub> container_store;
  std::unique_ptr<content::Content::Stub> content_store;
  std::unique_ptr<version::Version::Stub> introduction;
};

class GrpcContainerdClient final : public ContainerdClient {
 public:
  GrpcContainerdClient(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit)
      : stubs_(std::move(connection)), limit_(limit) {}

  absl::StatusOr<std::string> Version(const CallContext& context) override {
    auto response =
        Ask<version::VersionResponse>(&StoreStubs::introduction, &version::Version::Stub::Version,
                                      google::protobuf::Empty(), "asking containerd for its version", context);
    if (!response.ok()) return response.status();
    return response->version();
  }

  absl::StatusOr<std::vector<ImageRecord>> ListImages(const CallContext& context) override {
    auto response =
        Ask<images::ListImagesResponse>(&StoreStubs::image_store, &images::Images::Stub::List,
                                        images::ListImagesRequest(), "listing containerd's image store", context);
    if (!response.ok()) return response.status();
    std::vector<ImageRecord> records;
    records.reserve(static_cast<std::size_t>(response->images_size()));
    for (const auto& image : response->images()) records.push_back(FromMessage(image));
    return records;
  }

  absl::StatusOr<std::optional<ImageRecord>> GetImage(const std::string& name, const CallContext& context) override {
    images::GetImageRequest request;
    request.set_name(name);
    auto response = Ask<images::GetImageResponse>(&StoreStubs::image_store, &images::Images::Stub::Get, request,
                                                  "asking containerd's image store for " + name, context);
    if (absl::IsNotFound(response.status())) return std::nullopt;
    if (!response.ok()) return response.status();
    return FromMessage(response->image());
  }

  absl::StatusOr<std::vector<ContainerRecord>> ListContainers(const CallContext& context) override {
    containers::ListContainersRequest request;
    request.add_filters("labels.\"io.cri-containerd.kind\"==container");
    auto response =
        Ask<containers::ListContainersResponse>(&StoreStubs::container_store, &containers::Containers::Stub::List,
                                                request, "listing containerd's container store", context);
    if (!response.ok()) return response.status();
    std::vector<ContainerRecord> records;
    records.reserve(static_cast<std::size_t>(response->containers_size()));
    for (const auto& container : response->containers()) records.push_back({container.id(), container.image()});
    return records;
  }

  absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest, const CallContext& context) override {
    content::InfoRequest request;
    request.set_digest(digest.text());
    auto response = Ask<content::InfoResponse>(&StoreStubs::content_store, &content::Content::Stub::Info, request,
                                               "asking containerd's content store for " + digest.Short(), context);
    if (absl::IsNotFound(response.status())) return std::nullopt;
    if (!response.ok()) return response.status();
    return ContentInfo{response->info().size(), {response->info().labels().begin(), response->info().labels().end()}};
  }

  absl::StatusOr<ContentListing> ListContent(const std::vector<image::Digest>& labelled, std::size_t limit,
                                             const CallContext& context) override {
    Rpc rpc("listing containerd's content store", context, limit_);
    if (absl::Status status = rpc.Begin(); !status.ok()) return status;
    const auto stubs = stubs_.Get();
    const auto stream =
        stubs->content_store->List(&rpc.InKubernetesNamespace().context(), content::ListContentRequest());
    ContentListing listing(labelled);
    content::ListContentResponse part;
    while (stream->Read(&part)) {
      for (const content::Info& info : part.info()) TakeListed(info, listing);
      if (listing.size() > limit) {
        rpc.context().TryCancel();
        stream->Finish();
        return absl::ResourceExhaustedError(rpc.doing() + ": it has more than " + std::to_string(limit) + " blobs");
      }
    }
    if (const grpc::Status status = stream->Finish(); !status.ok()) return rpc.Explain(status);
    listing.Complete();
    return listing;
  }

  absl::StatusOr<std::string> Read(const image::Digest& digest, std::size_t limit,
                                   const CallContext& context) override {
    std::optional<image::Digest> next = digest;
    absl::StatusOr<std::string> result;
    ReadMany([&] { return std::exchange(next, std::nullopt); },
             [&](const image::Digest&, absl::StatusOr<std::string> bytes) { result = std::move(bytes); }, limit,
             context);
    return result;
  }

  void ReadMany(const NextBlob& next, const OnBlob& on_read, std::size_t limit, const CallContext& context) override {
    const auto stub = [this] {
      const auto stubs = stubs_.Get();
      return std::shared_ptr<BlobReads::Stub>(stubs, stubs->content_store.get());
    };
    BlobReads(stub, limit_, limit, context).Run(next, on_read);
  }

 private:
  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Ask(std::unique_ptr<Stub> StoreStubs::*stub, Method method, const Request& request,
                               std::string doing, const CallContext& context) {
    const auto stubs = stubs_.Get();
    Rpc rpc(std::move(doing), context, limit_);
    return Call<Response>(*((*stubs).*stub), method, request, rpc.InKubernetesNamespace());
  }

  StubsOn<StoreStubs> stubs_;
  std::chrono::nanoseconds limit_;
};

}  // namespace

void ContainerdClient::ReadMany(const NextBlob& next, const OnBlob& on_read, std::size_t limit,
                                const CallContext& context) {
  while (const std::optional<image::Digest> digest = next()) on_read(*digest, Read(*digest, limit, context));
}

std::unique_ptr<ContainerdClient> MakeContainerdClient(std::shared_ptr<Connection> connection,
                                                       std::chrono::nanoseconds limit) {
  return std::make_unique<GrpcContainerdClient>(std::move(connection), limit);
}

}  // namespace tagdrift::node
