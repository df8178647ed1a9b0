#include "fake_action_services.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "containerd/events/image.pb.h"
#include "containerd/services/content/v1/content.grpc.pb.h"
#include "containerd/services/events/v1/events.grpc.pb.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "containerd/services/leases/v1/leases.grpc.pb.h"
#include "containerd/services/snapshots/v1/snapshots.grpc.pb.h"
#include "node/actions_grpc.h"
#include "runtime/v1/api.grpc.pb.h"

namespace tagdrift::node {
namespace {

namespace content = containerd::services::content::v1;
namespace events = containerd::services::events::v1;
namespace images_v1 = containerd::services::images::v1;
namespace leases_v1 = containerd::services::leases::v1;
namespace snapshots_v1 = containerd::services::snapshots::v1;
using google::protobuf::Empty;

grpc::Status NotFound() { return {grpc::StatusCode::NOT_FOUND, "not found"}; }

}  // namespace

class FakeActionServices::Images final : public images_v1::Images::Service {
 public:
  explicit Images(FakeActionServices& owner) : owner_(owner) {}
  grpc::Status Create(grpc::ServerContext*, const images_v1::CreateImageRequest* request,
                      images_v1::CreateImageResponse* response) override {
    *response->mutable_image() = request->image();
    if (owner_.images.emplace(request->image().name(), request->image()).second) return grpc::Status::OK;
    return {grpc::StatusCode::ALREADY_EXISTS, "image exists"};
  }
  grpc::Status Update(grpc::ServerContext*, const images_v1::UpdateImageRequest* request,
                      images_v1::UpdateImageResponse* response) override {
    owner_.last_update = *request;
    const auto found = owner_.images.find(request->image().name());
    if (found == owner_.images.end()) return NotFound();
    *found->second.mutable_target() = request->image().target();
    *response->mutable_image() = found->second;
    return grpc::Status::OK;
  }
  grpc::Status Delete(grpc::ServerContext*, const images_v1::DeleteImageRequest* request, Empty*) override {
    owner_.last_delete = *request;
    return owner_.images.erase(request->name()) > 0 ? grpc::Status::OK : NotFound();
  }

 private:
  FakeActionServices& owner_;
};

class FakeActionServices::Leases final : public leases_v1::Leases::Service {
 public:
  explicit Leases(FakeActionServices& owner) : owner_(owner) {}
  grpc::Status Create(grpc::ServerContext*, const leases_v1::CreateRequest* request,
                      leases_v1::CreateResponse* response) override {
    leases_v1::Lease lease;
    lease.set_id(request->id());
    *lease.mutable_labels() = request->labels();
    *response->mutable_lease() = lease;
    if (owner_.collects_at_once) return grpc::Status::OK;
    if (owner_.leases.emplace(request->id(), lease).second) return grpc::Status::OK;
    return {grpc::StatusCode::ALREADY_EXISTS, "lease exists"};
  }
  grpc::Status Delete(grpc::ServerContext*, const leases_v1::DeleteRequest* request, Empty*) override {
    owner_.synced = owner_.synced || request->sync();
    return owner_.leases.erase(request->id()) > 0 ? grpc::Status::OK : NotFound();
  }
  grpc::Status List(grpc::ServerContext*, const leases_v1::ListRequest* request,
                    leases_v1::ListResponse* response) override {
    for (const auto& [id, lease] : owner_.leases) {
      for (const auto& [label, value] : lease.labels()) {
        if (request->filters(0) == "labels.\"" + label + "\"==\"" + value + "\"") *response->add_leases() = lease;
      }
    }
    return grpc::Status::OK;
  }
  grpc::Status AddResource(grpc::ServerContext*, const leases_v1::AddResourceRequest* request, Empty*) override {
    owner_.held[request->id()].push_back(request->resource().type() + " " + request->resource().id());
    return grpc::Status::OK;
  }

 private:
  FakeActionServices& owner_;
};

class FakeActionServices::Snapshots final : public snapshots_v1::Snapshots::Service {
 public:
  explicit Snapshots(FakeActionServices& owner) : owner_(owner) {}
  grpc::Status Stat(grpc::ServerContext*, const snapshots_v1::StatSnapshotRequest* request,
                    snapshots_v1::StatSnapshotResponse* response) override {
    const auto found = owner_.snapshots.find(request->snapshotter() + " " + request->key());
    if (found == owner_.snapshots.end()) return NotFound();
    response->mutable_info()->set_kind(static_cast<snapshots_v1::Kind>(found->second));
    return grpc::Status::OK;
  }

 private:
  FakeActionServices& owner_;
};

class FakeActionServices::Content final : public content::Content::Service {
 public:
  grpc::Status ListStatuses(grpc::ServerContext*, const content::ListStatusesRequest*,
                            content::ListStatusesResponse* response) override {
    content::Status& status = *response->add_statuses();
    status.set_ref("layer-sha256:aa");
    status.set_offset(42);
    return grpc::Status::OK;
  }
};

/// As containerd: no replay, and nothing confirms a subscription.
class FakeActionServices::Events final : public events::Events::Service {
 public:
  explicit Events(FakeActionServices& owner) : owner_(owner) {}
  grpc::Status Publish(grpc::ServerContext*, const events::PublishRequest* request, Empty*) override {
    images_v1::ImageEvent event;
    event.ParseFromString(request->event().value());
    {
      const std::lock_guard lock(owner_.mutex_);
      ++owner_.marks_;
      owner_.changed_.notify_all();
    }
    if (!owner_.loses_marks) owner_.Emit(request->topic(), event.name());
    return grpc::Status::OK;
  }
  grpc::Status Subscribe(grpc::ServerContext* context, const events::SubscribeRequest*,
                         grpc::ServerWriter<containerd::types::Envelope>* writer) override {
    std::unique_lock lock(owner_.mutex_);
    ++owner_.subscribers_;
    std::size_t next = owner_.emitted_.size();
    while (!owner_.ended_ && !context->IsCancelled()) {
      owner_.changed_.wait_for(lock, std::chrono::milliseconds(10));
      for (; next < owner_.emitted_.size(); ++next) writer->Write(owner_.emitted_[next]);
    }
    --owner_.subscribers_;
    owner_.changed_.notify_all();
    return grpc::Status::OK;
  }

 private:
  FakeActionServices& owner_;
};

class FakeActionServices::ImageService final : public runtime::v1::ImageService::Service {
 public:
  explicit ImageService(FakeActionServices& owner) : owner_(owner) {}
  grpc::Status PullImage(grpc::ServerContext* context, const runtime::v1::PullImageRequest* request,
                         runtime::v1::PullImageResponse* response) override {
    owner_.last_pull = *request;
    while (owner_.pull_hangs && !context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    response->set_image_ref("sha256:id");
    return grpc::Status::OK;
  }
  grpc::Status RemoveImage(grpc::ServerContext*, const runtime::v1::RemoveImageRequest* request,
                           runtime::v1::RemoveImageResponse*) override {
    owner_.last_removed = request->image().image();
    return grpc::Status::OK;
  }

 private:
  FakeActionServices& owner_;
};

FakeActionServices::FakeActionServices() {
  services_.push_back(std::make_unique<Images>(*this));
  services_.push_back(std::make_unique<Leases>(*this));
  services_.push_back(std::make_unique<Snapshots>(*this));
  services_.push_back(std::make_unique<Content>());
  services_.push_back(std::make_unique<Events>(*this));
  services_.push_back(std::make_unique<ImageService>(*this));
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + folder_.path() + "/runtime.sock", grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
}

FakeActionServices::~FakeActionServices() {
  EndEvents();
  server_->Shutdown();
}

std::shared_ptr<Connection> FakeActionServices::connection() const {
  return std::make_shared<Connection>(folder_.path() + "/runtime.sock");
}

std::unique_ptr<ContainerdActions> FakeActionServices::Containerd() const {
  return MakeContainerdActions(connection(), std::chrono::seconds(20));
}

std::unique_ptr<CriActions> FakeActionServices::Cri() const {
  return MakeCriActions(connection(), std::chrono::seconds(20));
}

void FakeActionServices::Emit(const std::string& topic, const std::string& name) {
  images_v1::ImageEvent event;
  event.set_name(name);
  EmitBytes(topic, event.SerializeAsString());
}

void FakeActionServices::EmitUnreadable(const std::string& topic) { EmitBytes(topic, "\xff"); }

void FakeActionServices::EmitBytes(const std::string& topic, const std::string& bytes) {
  containerd::types::Envelope envelope;
  envelope.set_namespace_("k8s.io");
  envelope.set_topic(topic);
  envelope.mutable_event()->set_type_url("containerd.services.images.v1.ImageUpdate");
  envelope.mutable_event()->set_value(bytes);
  const std::lock_guard lock(mutex_);
  emitted_.push_back(std::move(envelope));
  changed_.notify_all();
}

void FakeActionServices::AwaitMark() {
  std::unique_lock lock(mutex_);
  const int before = marks_;
  changed_.wait(lock, [&] { return marks_ > before; });
}

void FakeActionServices::AwaitNoSubscriber() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return subscribers_ == 0; });
}

void FakeActionServices::EndEvents() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace tagdrift::node
