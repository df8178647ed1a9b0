#include "cached_node.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <thread>

#include "../lab/cri.h"
#include "../lab/failure.h"
#include "containerd/services/images/v1/images.grpc.pb.h"

namespace tagdrift::bench {
namespace {

namespace images_v1 = containerd::services::images::v1;

constexpr int kPullers = 8;
constexpr int kTagsOfRepository = 20;
constexpr std::chrono::milliseconds kDelay(20);
constexpr int kStreams = 128;

/// containerd's own image store.
class ImageStore {
 public:
  explicit ImageStore(const std::string& endpoint)
      : stub_(images_v1::Images::NewStub(grpc::CreateChannel(endpoint, grpc::InsecureChannelCredentials()))) {}

  images_v1::Image Get(const std::string& name) {
    images_v1::GetImageRequest request;
    request.set_name(name);
    images_v1::GetImageResponse response;
    Expect("reading " + name, [&](grpc::ClientContext& context) { return stub_->Get(&context, request, &response); });
    return response.image();
  }
  void Create(const images_v1::Image& image) {
    images_v1::CreateImageRequest request;
    *request.mutable_image() = image;
    images_v1::CreateImageResponse response;
    Expect("naming " + image.name(),
           [&](grpc::ClientContext& context) { return stub_->Create(&context, request, &response); });
  }
  void Update(const images_v1::Image& image) {
    images_v1::UpdateImageRequest request;
    *request.mutable_image() = image;
    images_v1::UpdateImageResponse response;
    Expect("pointing " + image.name(),
           [&](grpc::ClientContext& context) { return stub_->Update(&context, request, &response); });
  }

 private:
  template <class Call>
  void Expect(const std::string& doing, Call call) {
    grpc::ClientContext context;
    context.AddMetadata("containerd-namespace", "k8s.io");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const grpc::Status status = call(context);
    if (!status.ok()) lab::GiveUp(doing + ": " + status.error_message());
  }

  std::unique_ptr<images_v1::Images::Stub> stub_;
};

}  // namespace

CachedNode::CachedNode(int images) : images_(images), lab_(lab::ChosenVersion()) {
  if (images_ % kRegistries != 0) lab::GiveUp("the number of images has to be a multiple of 4");
  for (int i = 0; i < kRegistries; ++i) {
    registries_.push_back(std::make_unique<BlobRegistry>(*authority_.Issue("IP:127.0.0.1"), kDelay, kStreams));
  }
  lab::WriteFile(ca_, authority_.Certificate());
}

std::string CachedNode::RegistryOf(int tag) const { return fmt::format("bench-{}.test", ImageOf(tag) % kRegistries); }

std::string CachedNode::NameOf(int tag) const {
  return fmt::format("team-{}/app:v{}", ImageOf(tag) / kTagsOfRepository, tag);
}

void CachedNode::GrowTo(int tags) {
  Pull(tags_, std::min(tags, images_));
  AddNames(std::max(tags_, images_), tags);
  for (int i = tags_; i < tags; ++i) {
    registries_[static_cast<std::size_t>(ImageOf(i) % kRegistries)]->Push(
        NameOf(i), artifacts_[static_cast<std::size_t>(ImageOf(i))]);
  }
  tags_ = tags;
  UseRegistries();
  lab::WaitFor(
      "the CRI to list each tag",
      [&] {
        std::set<std::string> listed;
        const auto all = lab_.cri().ListImages();
        if (!all.ok()) return false;
        for (const lab::CriImage& image : *all) listed.insert(image.repo_tags.begin(), image.repo_tags.end());
        for (int i = 0; i < tags_; ++i) {
          if (!listed.contains(Reference(i))) return false;
        }
        return true;
      },
      std::chrono::seconds(120));
}

void CachedNode::Pull(int from, int to) {
  for (int i = 0; i < kRegistries; ++i) {
    // containerd speaks HTTP/1.1 where hosts.toml names a CA, which the registries to be measured do not.
    lab_.containerd().SetHosts(fmt::format("bench-{}.test", i), lab_.upstream().url(),
                               {{.url = lab_.upstream().url()}});
  }
  for (int i = from; i < to; ++i) {
    artifacts_.push_back(lab::MakeImage({.text = NameOf(i)}));
    const std::string name = NameOf(i);
    lab_.upstream().Push(name.substr(0, name.find(':')), name.substr(name.find(':') + 1), artifacts_.back());
  }
  std::atomic<int> next = from;
  std::vector<std::jthread> pullers;
  for (int puller = 0; puller < kPullers; ++puller) {
    pullers.emplace_back([&] {
      lab::Cri cri(lab_.containerd().endpoint());
      for (int i = next++; i < to; i = next++) {
        const auto pulled = cri.Pull(Reference(i));
        if (!pulled.ok()) lab::GiveUp("pulling " + Reference(i) + ": " + std::string(pulled.status().message()));
      }
    });
  }
}

void CachedNode::AddNames(int from, int to) {
  ImageStore store(endpoint());
  for (int i = from; i < to; ++i) {
    images_v1::Image image = store.Get(Reference(ImageOf(i)));
    image.set_name(Reference(i));
    store.Create(image);
  }
}

void CachedNode::Repoint(int tag, int to) {
  ImageStore store(endpoint());
  images_v1::Image image = store.Get(Reference(tag));
  const lab::Blob& document = artifacts_[static_cast<std::size_t>(ImageOf(to))].document;
  image.mutable_target()->set_digest(document.digest);
  image.mutable_target()->set_size(static_cast<std::int64_t>(document.bytes.size()));
  store.Update(image);
}

/// The same host twice, which is asked once: before 1.7.32 a file without a [host] table is ignored.
void CachedNode::UseRegistries() {
  for (std::size_t i = 0; i < registries_.size(); ++i) {
    lab_.containerd().SetHosts(
        fmt::format("bench-{}.test", i),
        fmt::format("server = \"https://{0}\"\nca = \"{1}\"\n[host.\"https://{0}\"]\nca = \"{1}\"\n",
                    registries_[i]->Authority(), ca_));
  }
}

std::vector<BlobRegistry::Seen> CachedNode::TakeSeen() {
  std::vector<BlobRegistry::Seen> seen;
  for (const auto& registry : registries_) seen.push_back(registry->TakeSeen());
  return seen;
}

}  // namespace tagdrift::bench
