#include "fake_runtime.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tagdrift::node {
namespace {

namespace content = containerd::services::content::v1;
namespace images = containerd::services::images::v1;
namespace version = containerd::services::version::v1;

}  // namespace

class FakeRuntime::Runtime final : public runtime::v1::RuntimeService::Service {
 public:
  explicit Runtime(FakeRuntime& owner) : answers_(owner.answers_) {}

  grpc::Status Version(grpc::ServerContext*, const runtime::v1::VersionRequest*,
                       runtime::v1::VersionResponse* response) override {
    return Answer(answers_.version, response);
  }
  grpc::Status Status(grpc::ServerContext*, const runtime::v1::StatusRequest* request,
                      runtime::v1::StatusResponse* response) override {
    const grpc::Status status = Answer(answers_.runtime_status, response);
    if (!request->verbose()) response->clear_info();
    return status;
  }
  grpc::Status ListContainers(grpc::ServerContext*, const runtime::v1::ListContainersRequest*,
                              runtime::v1::ListContainersResponse* response) override {
    return Answer(answers_.containers, response);
  }
  grpc::Status ListPodSandbox(grpc::ServerContext*, const runtime::v1::ListPodSandboxRequest*,
                              runtime::v1::ListPodSandboxResponse* response) override {
    return Answer(answers_.sandboxes, response);
  }

 private:
  template <typename Message>
  grpc::Status Answer(const Message& answer, Message* response) {
    if (!answers_.status.ok()) return answers_.status;
    *response = answer;
    return grpc::Status::OK;
  }

  RuntimeAnswers& answers_;
};

class FakeRuntime::Cri final : public runtime::v1::ImageService::Service {
 public:
  explicit Cri(FakeRuntime& owner) : answers_(owner.answers_) {}

  grpc::Status ListImages(grpc::ServerContext*, const runtime::v1::ListImagesRequest*,
                          runtime::v1::ListImagesResponse* response) override {
    if (answers_.release.valid()) answers_.release.wait();
    if (!answers_.status.ok()) return answers_.status;
    *response = answers_.images;
    return grpc::Status::OK;
  }
  grpc::Status ImageStatus(grpc::ServerContext*, const runtime::v1::ImageStatusRequest* request,
                           runtime::v1::ImageStatusResponse* response) override {
    if (!answers_.status.ok()) return answers_.status;
    const auto found = answers_.image_status.find(request->image().image());
    if (found != answers_.image_status.end()) *response->mutable_image() = found->second;
    return grpc::Status::OK;
  }
  grpc::Status ImageFsInfo(grpc::ServerContext*, const runtime::v1::ImageFsInfoRequest*,
                           runtime::v1::ImageFsInfoResponse* response) override {
    if (!answers_.status.ok()) return answers_.status;
    *response = answers_.filesystems;
    return grpc::Status::OK;
  }

 private:
  RuntimeAnswers& answers_;
};

class FakeRuntime::Images final : public images::Images::Service {
 public:
  explicit Images(FakeRuntime& owner) : owner_(owner) {}

  grpc::Status List(grpc::ServerContext* context, const images::ListImagesRequest*,
                    images::ListImagesResponse* response) override {
    *response = owner_.answers_.records;
    return owner_.CheckNamespace(*context);
  }
  grpc::Status Get(grpc::ServerContext* context, const images::GetImageRequest* request,
                   images::GetImageResponse* response) override {
    if (grpc::Status status = owner_.CheckNamespace(*context); !status.ok()) return status;
    for (const images::Image& image : owner_.answers_.records.images()) {
      if (image.name() != request->name()) continue;
      *response->mutable_image() = image;
      return grpc::Status::OK;
    }
    return {grpc::StatusCode::NOT_FOUND, "image \"" + request->name() + "\": not found"};
  }

 private:
  FakeRuntime& owner_;
};

class FakeRuntime::Content final : public content::Content::Service {
 public:
  explicit Content(FakeRuntime& owner) : owner_(owner) {}

  grpc::Status Info(grpc::ServerContext* context, const content::InfoRequest* request,
                    content::InfoResponse* response) override {
    if (grpc::Status status = owner_.CheckNamespace(*context); !status.ok()) return status;
    const auto found = owner_.answers_.blobs.find(request->digest());
    if (found == owner_.answers_.blobs.end()) return {grpc::StatusCode::NOT_FOUND, "content: not found"};
    *response->mutable_info() = InfoOf(found->first, found->second);
    return grpc::Status::OK;
  }

  grpc::Status List(grpc::ServerContext* context, const content::ListContentRequest*,
                    grpc::ServerWriter<content::ListContentResponse>* writer) override {
    if (grpc::Status status = owner_.CheckNamespace(*context); !status.ok()) return status;
    constexpr int kPart = 100;
    content::ListContentResponse part;
    for (const auto& [digest, bytes] : owner_.answers_.blobs) {
      *part.add_info() = InfoOf(digest, bytes);
      if (part.info_size() < kPart) continue;
      if (!writer->Write(part)) return grpc::Status::CANCELLED;
      part.clear_info();
    }
    writer->Write(part);
    return owner_.answers_.content_list_end;
  }

  grpc::Status Read(grpc::ServerContext* context, const content::ReadContentRequest* request,
                    grpc::ServerWriter<content::ReadContentResponse>* writer) override {
    if (grpc::Status status = owner_.CheckNamespace(*context); !status.ok()) return status;
    const auto found = owner_.answers_.blobs.find(request->digest());
    if (found == owner_.answers_.blobs.end()) return {grpc::StatusCode::NOT_FOUND, "content: not found"};
    constexpr std::size_t kChunk = 1 << 16;
    for (std::size_t at = 0; at < found->second.size(); at += kChunk) {
      content::ReadContentResponse response;
      response.set_offset(static_cast<std::int64_t>(at));
      response.set_data(found->second.substr(at, kChunk));
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
    }
    return grpc::Status::OK;
  }

 private:
  static content::Info InfoOf(const std::string& digest, const std::string& bytes) {
    content::Info info;
    info.set_digest(digest);
    info.set_size(static_cast<std::int64_t>(bytes.size()));
    (*info.mutable_labels())["containerd.io/distribution.source.r.io"] = "app";
    return info;
  }

  FakeRuntime& owner_;
};

class FakeRuntime::Introduction final : public version::Version::Service {
 public:
  grpc::Status Version(grpc::ServerContext*, const google::protobuf::Empty*,
                       version::VersionResponse* response) override {
    response->set_version("1.6.20~ds1");
    return grpc::Status::OK;
  }
};

FakeRuntime::FakeRuntime(Services services) {
  answers_.version.set_runtime_name("containerd");
  answers_.version.set_runtime_version("1.6.20~ds1");
  answers_.version.set_runtime_api_version("v1");
  if (services == Services::kAll || services == Services::kOnlyCri) {
    services_.push_back(std::make_unique<Runtime>(*this));
    services_.push_back(std::make_unique<Cri>(*this));
  }
  if (services == Services::kAll || services == Services::kOnlyContainerd) {
    services_.push_back(std::make_unique<Images>(*this));
    services_.push_back(std::make_unique<Introduction>());
  }
  if (services != Services::kOnlyCri) services_.push_back(std::make_unique<Content>(*this));
  Start();
}

void FakeRuntime::Start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
}

grpc::Status FakeRuntime::CheckNamespace(const grpc::ServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("containerd-namespace");
  if (found == metadata.end()) return {grpc::StatusCode::FAILED_PRECONDITION, "namespace is required"};
  const std::lock_guard lock(mutex_);
  last_namespace_ = std::string(found->second.data(), found->second.size());
  return grpc::Status::OK;
}

std::string FakeRuntime::last_namespace() const {
  const std::lock_guard lock(mutex_);
  return last_namespace_;
}

FakeRuntime::~FakeRuntime() { Stop(); }

void FakeRuntime::Stop() {
  if (server_ != nullptr) server_->Shutdown();
  server_.reset();
}

}  // namespace tagdrift::node
