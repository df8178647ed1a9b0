#include "tagdrift/node/containerd_actions.h"

#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
#include "actions_grpc.h"
#include "containerd/services/content/v1/content.grpc.pb.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "containerd/services/leases/v1/leases.grpc.pb.h"
#include "containerd/services/snapshots/v1/snapshots.grpc.pb.h"
#include "image_watch.h"
#include "rpc.h"

namespace tagdrift::node {
namespace {

namespace content = containerd::services::content::v1;
namespace images = containerd::services::images::v1;
namespace leases = containerd::services::leases::v1;
namespace snapshots = containerd::services::snapshots::v1;
using google::protobuf::Empty;

constexpr char kExpireLabel[] = "containerd.io/gc.expire";

Lease FromMessage(const leases::Lease& message) {
  Lease lease{message.id(), {message.labels().begin(), message.labels().end()}, absl::InfiniteFuture()};
  const auto label = lease.labels.find(kExpireLabel);
  absl::Time expires;
  std::string error;
  if (label != lease.labels.end() && absl::ParseTime(absl::RFC3339_full, label->second, &expires, &error)) {
    lease.expires = expires;
  }
  return lease;
}

/// Go-style quoting of a filter's value; names and ids have no other characters that need it.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

struct ActionStubs {
  explicit ActionStubs(const std::shared_ptr<grpc::Channel>& channel)
      : image_store(images::Images::NewStub(channel)),
        content_store(content::Content::NewStub(channel)),
        lease_store(leases::Leases::NewStub(channel)),
        snapshotters(snapshots::Snapshots::NewStub(channel)) {}

  std::unique_ptr<images::Images::Stub> image_store;
  std::unique_ptr<content::Content::Stub> content_store;
  std::unique_ptr<leases::Leases::Stub> lease_store;
  std::unique_ptr<snapshots::Snapshots::Stub> snapshotters;
};

class GrpcContainerdActions final : public ContainerdActions {
 public:
  GrpcContainerdActions(std::shared_ptr<Connection> connection, std::chrono::nanoseconds limit)
      : connection_(std::move(connection)), stubs_(connection_), limit_(limit) {}

  absl::Status CreateName(const ImageRecord& record, const CallContext& context) override {
    images::CreateImageRequest request;
    images::Image& image = *request.mutable_image();
    image.set_name(record.name);
    image.mutable_labels()->insert(record.labels.begin(), record.labels.end());
    image.mutable_target()->set_media_type(record.target_media_type);
    image.mutable_target()->set_digest(record.target_digest);
    image.mutable_target()->set_size(record.target_size);
    return Ask<images::CreateImageResponse>(&ActionStubs::image_store, &images::Images::Stub::Create, request,
                                            "creating the name " + record.name, context)
        .status();
  }

  absl::Status PointTo(const std::string& name, const ImageRecord& target, const CallContext& context) override {
    images::UpdateImageRequest request;
    images::Image& image = *request.mutable_image();
    image.set_name(name);
    image.mutable_target()->set_media_type(target.target_media_type);
    image.mutable_target()->set_digest(target.target_digest);
    image.mutable_target()->set_size(target.target_size);
    // Any other mask, and none at all, would take the labels away.
    request.mutable_update_mask()->add_paths("target");
    return Ask<images::UpdateImageResponse>(&ActionStubs::image_store, &images::Images::Stub::Update, request,
                                            "re-pointing " + name, context)
        .status();
  }

  absl::StatusOr<bool> DeleteName(const std::string& name, const image::Digest& target,
                                  const CallContext& context) override {
    images::DeleteImageRequest request;
    request.set_name(name);
    request.mutable_target()->set_digest(target.text());
    const absl::Status status = Ask<Empty>(&ActionStubs::image_store, &images::Images::Stub::Delete, request,
                                           "removing the name " + name, context)
                                    .status();
    if (absl::IsNotFound(status)) return false;
    if (!status.ok()) return status;
    return true;
  }

  absl::Status CreateLease(const Lease& lease, const CallContext& context) override {
    leases::CreateRequest request;
    request.set_id(lease.id);
    request.mutable_labels()->insert(lease.labels.begin(), lease.labels.end());
    (*request.mutable_labels())[kExpireLabel] =
        absl::FormatTime(absl::RFC3339_full, lease.expires, absl::UTCTimeZone());
    return Ask<leases::CreateResponse>(&ActionStubs::lease_store, &leases::Leases::Stub::Create, request,
                                       "creating a lease", context)
        .status();
  }

  absl::Status DeleteLease(const std::string& id, const CallContext& context) override {
    leases::DeleteRequest request;
    request.set_id(id);
    return Delete(request, "deleting lease " + id, context);
  }

  absl::Status CollectGarbage(const CallContext& context) override {
    // containerd collects on request only together with a deletion.
    leases::CreateRequest create;
    create.set_id("tagdrift-collect-" + std::to_string(getpid()) + "-" +
                  std::to_string(absl::ToUnixNanos(absl::Now())));
    (*create.mutable_labels())[kExpireLabel] = absl::FormatTime(absl::Now(), absl::UTCTimeZone());
    const std::string doing = "collecting garbage";
    absl::Status status =
        Ask<leases::CreateResponse>(&ActionStubs::lease_store, &leases::Leases::Stub::Create, create, doing, context)
            .status();
    if (!status.ok()) return status;
    leases::DeleteRequest request;
    request.set_id(create.id());
    request.set_sync(true);
    // Expired as it is, a collection of containerd's own may have taken it: that one is as good.
    return Delete(request, doing, context);
  }

  absl::StatusOr<std::vector<Lease>> LeasesLabelled(const std::string& label, const std::string& value,
                                                    const CallContext& context) override {
    leases::ListRequest request;
    request.add_filters("labels." + Quoted(label) + "==" + Quoted(value));
    auto response = Ask<leases::ListResponse>(&ActionStubs::lease_store, &leases::Leases::Stub::List, request,
                                              "listing containerd's leases", context);
    if (!response.ok()) return response.status();
    std::vector<Lease> found;
    for (const leases::Lease& lease : response->leases()) found.push_back(FromMessage(lease));
    return found;
  }

  absl::Status HoldContent(const std::string& lease, const image::Digest& digest, const CallContext& context) override {
    leases::AddResourceRequest request;
    request.set_id(lease);
    request.mutable_resource()->set_type("content");
    request.mutable_resource()->set_id(digest.text());
    return Ask<Empty>(&ActionStubs::lease_store, &leases::Leases::Stub::AddResource, request,
                      "leasing " + digest.Short(), context)
        .status();
  }

  absl::StatusOr<bool> HasSnapshot(const std::string& snapshotter, const std::string& key,
                                   const CallContext& context) override {
    snapshots::StatSnapshotRequest request;
    request.set_snapshotter(snapshotter);
    request.set_key(key);
    auto response = Ask<snapshots::StatSnapshotResponse>(&ActionStubs::snapshotters, &snapshots::Snapshots::Stub::Stat,
                                                         request, "asking snapshotter " + snapshotter, context);
    if (absl::IsNotFound(response.status())) return false;
    if (!response.ok()) return response.status();
    return response->info().kind() == snapshots::COMMITTED;
  }

  absl::StatusOr<std::vector<Ingest>> Ingests(const CallContext& context) override {
    auto response =
        Ask<content::ListStatusesResponse>(&ActionStubs::content_store, &content::Content::Stub::ListStatuses,
                                           content::ListStatusesRequest(), "asking what is being written", context);
    if (!response.ok()) return response.status();
    std::vector<Ingest> ingests;
    for (const content::Status& status : response->statuses()) ingests.push_back({status.ref(), status.offset()});
    return ingests;
  }

  absl::StatusOr<std::unique_ptr<ImageWatch>> WatchImages(const CallContext& context) override {
    auto watch = std::make_unique<GrpcImageWatch>(connection_->channel(), limit_);
    if (absl::Status status = watch->CatchUp(context); !status.ok()) return status;
    return watch;
  }

 private:
  /// What is gone is fine.
  absl::Status Delete(const leases::DeleteRequest& request, const std::string& doing, const CallContext& context) {
    const absl::Status status =
        Ask<Empty>(&ActionStubs::lease_store, &leases::Leases::Stub::Delete, request, doing, context).status();
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Ask(std::unique_ptr<Stub> ActionStubs::*stub, Method method, const Request& request,
                               std::string doing, const CallContext& context) {
    const auto stubs = stubs_.Get();
    Rpc rpc(std::move(doing), context, limit_);
    return Call<Response>(*((*stubs).*stub), method, request, rpc.InKubernetesNamespace());
  }

  std::shared_ptr<Connection> connection_;
  StubsOn<ActionStubs> stubs_;
  std::chrono::nanoseconds limit_;
};

}  // namespace

std::unique_ptr<ContainerdActions> MakeContainerdActions(std::shared_ptr<Connection> connection,
                                                         std::chrono::nanoseconds limit) {
  return std::make_unique<GrpcContainerdActions>(std::move(connection), limit);
}

}  // namespace tagdrift::node
