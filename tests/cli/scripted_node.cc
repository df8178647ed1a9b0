#include "scripted_node.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "containerd/events/image.pb.h"
#include "containerd/services/content/v1/content.grpc.pb.h"
#include "containerd/services/events/v1/events.grpc.pb.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "containerd/services/leases/v1/leases.grpc.pb.h"
#include "containerd/services/snapshots/v1/snapshots.grpc.pb.h"
#include "containerd/services/version/v1/version.grpc.pb.h"
#include "runtime/v1/api.grpc.pb.h"

namespace tagdrift::cli {
namespace {

namespace content = containerd::services::content::v1;
namespace events = containerd::services::events::v1;
namespace images_v1 = containerd::services::images::v1;
namespace leases_v1 = containerd::services::leases::v1;
namespace snapshots_v1 = containerd::services::snapshots::v1;
namespace version_v1 = containerd::services::version::v1;
using google::protobuf::Empty;
using grpc::ServerContext;
using grpc::Status;

constexpr char kVersion[] = "1.7.32";

Status NotFound() { return {grpc::StatusCode::NOT_FOUND, "not found"}; }

/// A call through the gate, one at a time.
Status Served(CallGate& gate, std::mutex& mutex, ServerContext* context, const std::string& call,
              const std::function<Status()>& act) {
  Status status = Status::OK;
  const bool answered = gate.Pass(
      call, [&] { return context->IsCancelled(); },
      [&] {
        const std::lock_guard lock(mutex);
        status = act();
      });
  return answered ? status : Status::CANCELLED;
}

}  // namespace

class ScriptedNode::Runtime final : public runtime::v1::RuntimeService::Service {
 public:
  explicit Runtime(ScriptedNode& node) : node_(node) {}
  grpc::Status Version(ServerContext* context, const runtime::v1::VersionRequest*,
                       runtime::v1::VersionResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Runtime.Version", [&] {
      response->set_runtime_name("containerd");
      response->set_runtime_version(kVersion);
      response->set_runtime_api_version("v1");
      return grpc::Status::OK;
    });
  }
  grpc::Status Status(ServerContext* context, const runtime::v1::StatusRequest*,
                      runtime::v1::StatusResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Runtime.Status", [] { return grpc::Status::OK; });
  }
  grpc::Status ListContainers(ServerContext* context, const runtime::v1::ListContainersRequest*,
                              runtime::v1::ListContainersResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Runtime.ListContainers", [] { return grpc::Status::OK; });
  }
  grpc::Status ListPodSandbox(ServerContext* context, const runtime::v1::ListPodSandboxRequest*,
                              runtime::v1::ListPodSandboxResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Runtime.ListPodSandbox", [] { return grpc::Status::OK; });
  }

 private:
  ScriptedNode& node_;
};

class ScriptedNode::ImageService final : public runtime::v1::ImageService::Service {
 public:
  explicit ImageService(ScriptedNode& node) : node_(node) {}
  Status ListImages(ServerContext* context, const runtime::v1::ListImagesRequest*,
                    runtime::v1::ListImagesResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "ImageService.ListImages", [&] {
      for (auto& [id, image] : CriImages()) *response->add_images() = std::move(image);
      return Status::OK;
    });
  }
  Status ImageStatus(ServerContext* context, const runtime::v1::ImageStatusRequest* request,
                     runtime::v1::ImageStatusResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "ImageService.ImageStatus", [&] {
      const std::string& asked = request->image().image();
      const auto name = node_.names_.find(asked);
      const auto known = CriImages();
      const auto found = known.find(name == node_.names_.end() ? asked : node_.images_.at(name->second).id);
      if (found != known.end()) *response->mutable_image() = found->second;
      return Status::OK;
    });
  }
  Status PullImage(ServerContext* context, const runtime::v1::PullImageRequest* request,
                   runtime::v1::PullImageResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "ImageService.PullImage", [&] {
      const std::string& name = request->image().image();
      const auto image = node_.images_.find(name.substr(name.find('@') + 1));
      if (image == node_.images_.end()) return NotFound();
      for (const auto& [digest, bytes] : image->second.blobs) {
        // Unpacked and then dropped, as containerd is told to on many nodes.
        if (digest != image->second.layer) node_.blobs_[digest] = bytes;
      }
      node_.snapshots_.insert(image->second.unpacked);
      node_.SetName(name, image->first);
      node_.SetName(image->second.id, image->first);
      response->set_image_ref(image->second.id);
      return Status::OK;
    });
  }
  Status RemoveImage(ServerContext* context, const runtime::v1::RemoveImageRequest* request,
                     runtime::v1::RemoveImageResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "ImageService.RemoveImage", [&] {
      const auto names = node_.names_;
      for (const auto& [name, digest] : names) {
        if (node_.images_.at(digest).id == request->image().image()) node_.RemoveName(name);
      }
      return Status::OK;
    });
  }
  Status ImageFsInfo(ServerContext* context, const runtime::v1::ImageFsInfoRequest*,
                     runtime::v1::ImageFsInfoResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "ImageService.ImageFsInfo", [&] {
      response->add_image_filesystems()->mutable_fs_id()->set_mountpoint(node_.folder_.path());
      return Status::OK;
    });
  }

 private:
  /// By id.
  std::map<std::string, runtime::v1::Image> CriImages() const {
    std::map<std::string, runtime::v1::Image> known;
    for (const auto& [name, digest] : node_.names_) {
      runtime::v1::Image& image = known[node_.images_.at(digest).id];
      image.set_id(node_.images_.at(digest).id);
      if (name.starts_with("sha256:")) continue;
      *(name.find('@') == std::string::npos ? image.add_repo_tags() : image.add_repo_digests()) = name;
    }
    return known;
  }

  ScriptedNode& node_;
};

class ScriptedNode::Images final : public images_v1::Images::Service {
 public:
  explicit Images(ScriptedNode& node) : node_(node) {}
  Status List(ServerContext* context, const images_v1::ListImagesRequest*,
              images_v1::ListImagesResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Images.List", [&] {
      for (const auto& [name, digest] : node_.names_) *response->add_images() = Record(name, digest);
      return Status::OK;
    });
  }
  Status Get(ServerContext* context, const images_v1::GetImageRequest* request,
             images_v1::GetImageResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Images.Get", [&] {
      const auto found = node_.names_.find(request->name());
      if (found == node_.names_.end()) return NotFound();
      *response->mutable_image() = Record(found->first, found->second);
      return Status::OK;
    });
  }
  Status Create(ServerContext* context, const images_v1::CreateImageRequest* request,
                images_v1::CreateImageResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Images.Create", [&]() -> Status {
      if (node_.names_.contains(request->image().name())) return {grpc::StatusCode::ALREADY_EXISTS, "exists"};
      node_.SetName(request->image().name(), request->image().target().digest());
      return Status::OK;
    });
  }
  Status Update(ServerContext* context, const images_v1::UpdateImageRequest* request,
                images_v1::UpdateImageResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Images.Update", [&] {
      if (!node_.names_.contains(request->image().name())) return NotFound();
      node_.SetName(request->image().name(), request->image().target().digest());
      return Status::OK;
    });
  }
  Status Delete(ServerContext* context, const images_v1::DeleteImageRequest* request, Empty*) override {
    return Served(node_.gate_, node_.mutex_, context, "Images.Delete",
                  [&] { return node_.RemoveName(request->name()) ? Status::OK : NotFound(); });
  }

 private:
  images_v1::Image Record(const std::string& name, const std::string& digest) const {
    const ScriptedImage& image = node_.images_.at(digest);
    images_v1::Image record;
    record.set_name(name);
    (*record.mutable_labels())["io.cri-containerd.image"] = "managed";
    record.mutable_updated_at()->set_seconds(1'700'000'000);
    record.mutable_target()->set_digest(digest);
    record.mutable_target()->set_media_type(image.manifest_type);
    record.mutable_target()->set_size(static_cast<std::int64_t>(image.blobs.at(digest).size()));
    return record;
  }

  ScriptedNode& node_;
};

class ScriptedNode::Content final : public content::Content::Service {
 public:
  explicit Content(ScriptedNode& node) : node_(node) {}
  Status Info(ServerContext* context, const content::InfoRequest* request, content::InfoResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Content.Info", [&] {
      const auto found = node_.blobs_.find(request->digest());
      if (found == node_.blobs_.end()) return NotFound();
      *response->mutable_info() = InfoOf(found->first, found->second);
      return Status::OK;
    });
  }
  Status List(ServerContext* context, const content::ListContentRequest*,
              grpc::ServerWriter<content::ListContentResponse>* writer) override {
    return Served(node_.gate_, node_.mutex_, context, "Content.List", [&] {
      content::ListContentResponse response;
      for (const auto& [digest, bytes] : node_.blobs_) *response.add_info() = InfoOf(digest, bytes);
      writer->Write(response);
      return Status::OK;
    });
  }
  Status Read(ServerContext* context, const content::ReadContentRequest* request,
              grpc::ServerWriter<content::ReadContentResponse>* writer) override {
    return Served(node_.gate_, node_.mutex_, context, "Content.Read", [&] {
      const auto found = node_.blobs_.find(request->digest());
      if (found == node_.blobs_.end()) return NotFound();
      content::ReadContentResponse response;
      response.set_data(found->second);
      writer->Write(response);
      return Status::OK;
    });
  }
  Status ListStatuses(ServerContext* context, const content::ListStatusesRequest*,
                      content::ListStatusesResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Content.ListStatuses", [] { return Status::OK; });
  }

 private:
  content::Info InfoOf(const std::string& digest, const std::string& bytes) const {
    content::Info info;
    info.set_digest(digest);
    info.set_size(static_cast<std::int64_t>(bytes.size()));
    const auto source = node_.source_.find(digest);
    if (source != node_.source_.end()) {
      const std::size_t slash = source->second.find('/');
      (*info.mutable_labels())["containerd.io/distribution.source." + source->second.substr(0, slash)] =
          source->second.substr(slash + 1);
    }
    for (const auto& [manifest, image] : node_.images_) {
      if (image.id != digest) continue;
      (*info.mutable_labels())["containerd.io/gc.ref.snapshot.overlayfs"] = image.unpacked;
    }
    return info;
  }

  ScriptedNode& node_;
};

class ScriptedNode::Leases final : public leases_v1::Leases::Service {
 public:
  explicit Leases(ScriptedNode& node) : node_(node) {}
  Status Create(ServerContext* context, const leases_v1::CreateRequest* request, leases_v1::CreateResponse*) override {
    return Served(node_.gate_, node_.mutex_, context, "Leases.Create", [&]() -> Status {
      const std::map<std::string, std::string> labels(request->labels().begin(), request->labels().end());
      if (node_.leases_.emplace(request->id(), labels).second) return Status::OK;
      return {grpc::StatusCode::ALREADY_EXISTS, "lease exists"};
    });
  }
  Status Delete(ServerContext* context, const leases_v1::DeleteRequest* request, Empty*) override {
    return Served(node_.gate_, node_.mutex_, context, "Leases.Delete",
                  [&] { return node_.leases_.erase(request->id()) > 0 ? Status::OK : NotFound(); });
  }
  Status List(ServerContext* context, const leases_v1::ListRequest* request,
              leases_v1::ListResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Leases.List", [&] {
      for (const auto& [id, labels] : node_.leases_) {
        for (const auto& [label, value] : labels) {
          if (request->filters(0) != "labels.\"" + label + "\"==\"" + value + "\"") continue;
          leases_v1::Lease& lease = *response->add_leases();
          lease.set_id(id);
          lease.mutable_labels()->insert(labels.begin(), labels.end());
        }
      }
      return Status::OK;
    });
  }
  Status AddResource(ServerContext* context, const leases_v1::AddResourceRequest*, Empty*) override {
    return Served(node_.gate_, node_.mutex_, context, "Leases.AddResource", [] { return Status::OK; });
  }

 private:
  ScriptedNode& node_;
};

class ScriptedNode::Snapshots final : public snapshots_v1::Snapshots::Service {
 public:
  explicit Snapshots(ScriptedNode& node) : node_(node) {}
  Status Stat(ServerContext* context, const snapshots_v1::StatSnapshotRequest* request,
              snapshots_v1::StatSnapshotResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Snapshots.Stat", [&] {
      if (!node_.snapshots_.contains(request->key())) return NotFound();
      response->mutable_info()->set_kind(snapshots_v1::COMMITTED);
      return Status::OK;
    });
  }

 private:
  ScriptedNode& node_;
};

/// As containerd: no replay, and nothing confirms a subscription.
class ScriptedNode::Events final : public events::Events::Service {
 public:
  explicit Events(ScriptedNode& node) : node_(node) {}
  Status Publish(ServerContext* context, const events::PublishRequest* request, Empty*) override {
    return Served(node_.gate_, node_.mutex_, context, "Events.Publish", [&] {
      images_v1::ImageEvent event;
      event.ParseFromString(request->event().value());
      node_.Emit(request->topic(), event.name());
      return Status::OK;
    });
  }
  Status Subscribe(ServerContext* context, const events::SubscribeRequest*,
                   grpc::ServerWriter<containerd::types::Envelope>* writer) override {
    std::size_t next = 0;
    const Status subscribed = Served(node_.gate_, node_.mutex_, context, "Events.Subscribe", [&] {
      next = node_.emitted_.size();
      return Status::OK;
    });
    if (!subscribed.ok()) return subscribed;
    std::unique_lock lock(node_.mutex_);
    while (!node_.ended_ && !context->IsCancelled()) {
      node_.changed_.wait_for(lock, std::chrono::milliseconds(5));
      for (; next < node_.emitted_.size(); ++next) writer->Write(Envelope(node_.emitted_[next]));
    }
    return Status::OK;
  }

 private:
  static containerd::types::Envelope Envelope(const std::pair<std::string, std::string>& emitted) {
    images_v1::ImageEvent event;
    event.set_name(emitted.second);
    containerd::types::Envelope envelope;
    envelope.set_namespace_("k8s.io");
    envelope.set_topic(emitted.first);
    envelope.mutable_event()->set_type_url("containerd.services.images.v1.ImageUpdate");
    envelope.mutable_event()->set_value(event.SerializeAsString());
    return envelope;
  }

  ScriptedNode& node_;
};

class ScriptedNode::Introduction final : public version_v1::Version::Service {
 public:
  explicit Introduction(ScriptedNode& node) : node_(node) {}
  Status Version(ServerContext* context, const Empty*, version_v1::VersionResponse* response) override {
    return Served(node_.gate_, node_.mutex_, context, "Version.Version", [&] {
      response->set_version(kVersion);
      return Status::OK;
    });
  }

 private:
  ScriptedNode& node_;
};

ScriptedNode::ScriptedNode(CallGate& gate) : gate_(gate) {
  services_.push_back(std::make_unique<Runtime>(*this));
  services_.push_back(std::make_unique<ImageService>(*this));
  services_.push_back(std::make_unique<Images>(*this));
  services_.push_back(std::make_unique<Content>(*this));
  services_.push_back(std::make_unique<Leases>(*this));
  services_.push_back(std::make_unique<Snapshots>(*this));
  services_.push_back(std::make_unique<Events>(*this));
  services_.push_back(std::make_unique<Introduction>(*this));
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + folder_.path() + "/runtime.sock", grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
}

ScriptedNode::~ScriptedNode() {
  gate_.Release();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  server_->Shutdown();
}

void ScriptedNode::Add(const std::string& name, const ScriptedImage& image) {
  const std::lock_guard lock(mutex_);
  const std::string repository = name.substr(0, name.rfind(':'));
  images_[image.digest] = image;
  for (const auto& [digest, bytes] : image.blobs) blobs_[digest] = bytes;
  source_[image.digest] = repository;
  snapshots_.insert(image.unpacked);
  names_[name] = image.digest;
  names_[repository + "@" + image.digest] = image.digest;
  names_[image.id] = image.digest;
}

void ScriptedNode::AddToPull(const ScriptedImage& image) {
  const std::lock_guard lock(mutex_);
  images_[image.digest] = image;
}

std::string ScriptedNode::Target(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(name);
  return found == names_.end() ? "" : found->second;
}

std::set<std::string> ScriptedNode::names() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (const auto& [name, digest] : names_) names.insert(name);
  return names;
}

std::map<std::string, std::map<std::string, std::string>> ScriptedNode::leases() const {
  const std::lock_guard lock(mutex_);
  return leases_;
}

void ScriptedNode::SetName(const std::string& name, const std::string& digest) {
  const bool is_new = names_.insert_or_assign(name, digest).second;
  Emit(is_new ? "/images/create" : "/images/update", name);
}

bool ScriptedNode::RemoveName(const std::string& name) {
  if (names_.erase(name) == 0) return false;
  Emit("/images/delete", name);
  return true;
}

void ScriptedNode::Emit(const std::string& topic, const std::string& name) {
  emitted_.emplace_back(topic, name);
  changed_.notify_all();
}

}  // namespace tagdrift::cli
