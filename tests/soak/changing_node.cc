#include "changing_node.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "tagdrift/image/manifest.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::soak {

using absl::StatusOr;

class ChangingNode::Containerd final : public node::ContainerdClient {
 public:
  explicit Containerd(const ChangingNode& node) : node_(node) {}
  StatusOr<std::string> Version(const CallContext&) override { return "2.1.4"; }
  StatusOr<std::vector<node::ImageRecord>> ListImages(const CallContext&) override { return node_.records_; }
  StatusOr<std::optional<node::ImageRecord>> GetImage(const std::string& name, const CallContext&) override {
    const auto found = std::ranges::find(node_.records_, name, &node::ImageRecord::name);
    return found == node_.records_.end() ? std::nullopt : std::optional(*found);
  }
  StatusOr<std::vector<node::ContainerRecord>> ListContainers(const CallContext&) override {
    return std::vector<node::ContainerRecord>();
  }
  StatusOr<std::optional<node::ContentInfo>> Info(const image::Digest& digest, const CallContext&) override {
    const auto found = node_.blobs_.find(digest);
    if (found == node_.blobs_.end()) return std::nullopt;
    const Stored& blob = found->second;
    return node::ContentInfo{static_cast<std::int64_t>(blob.bytes.size()), LabelsOf(blob)};
  }
  StatusOr<node::ContentListing> ListContent(const std::vector<image::Digest>& labelled, std::size_t,
                                             const CallContext&) override {
    node::ContentListing listing(labelled);
    for (const auto& [digest, blob] : node_.blobs_) {
      auto* labels = listing.Add(digest.text());
      if (labels != nullptr) *labels = LabelsOf(blob);
    }
    listing.Complete();
    return listing;
  }
  StatusOr<std::string> Read(const image::Digest& digest, std::size_t, const CallContext&) override {
    const auto found = node_.blobs_.find(digest);
    if (found == node_.blobs_.end()) return absl::NotFoundError("reading " + digest.Short() + ": not found");
    return found->second.bytes;
  }

 private:
  static std::map<std::string, std::string> LabelsOf(const Stored& blob) {
    return {{"containerd.io/distribution.source." + blob.source, blob.repository}};
  }

  const ChangingNode& node_;
};

class ChangingNode::Cri final : public node::CriClient {
 public:
  explicit Cri(const ChangingNode& node) : node_(node) {}
  StatusOr<node::CriVersion> Version(const CallContext&) override {
    return node::CriVersion{"containerd", "2.1.4", "v1"};
  }
  StatusOr<node::CriStatus> Status(const CallContext&) override { return node::CriStatus(); }
  StatusOr<std::vector<node::CriImage>> ListImages(const CallContext&) override { return node_.images_; }
  StatusOr<std::optional<node::CriImage>> ImageStatus(const std::string& name, const CallContext&) override {
    for (const node::CriImage& image : node_.images_) {
      if (image.id == name || std::ranges::count(image.repo_tags, name) > 0) return image;
    }
    return std::nullopt;
  }
  StatusOr<std::vector<node::CriContainer>> ListContainers(const CallContext&) override {
    return std::vector<node::CriContainer>();
  }
  StatusOr<std::vector<node::CriSandbox>> ListPodSandbox(const CallContext&) override {
    return std::vector<node::CriSandbox>();
  }
  StatusOr<std::vector<node::CriFilesystem>> ImageFsInfo(const CallContext&) override {
    return std::vector<node::CriFilesystem>();
  }

 private:
  const ChangingNode& node_;
};

node::RuntimeClients ChangingNode::Clients() {
  node::RuntimeClients clients;
  clients.cri = std::make_unique<Cri>(*this);
  clients.containerd = std::make_unique<Containerd>(*this);
  return clients;
}

void ChangingNode::Clear() {
  records_.clear();
  images_.clear();
  blobs_.clear();
}

void ChangingNode::Add(const std::string& tag, const ChangingImage& image) {
  const std::string::size_type slash = tag.find('/');
  const std::string repository = tag.substr(slash + 1, tag.rfind(':') - slash - 1);
  for (const auto& [digest, bytes] : image.blobs) blobs_[digest] = {bytes, tag.substr(0, slash), repository};
  records_.push_back({.name = tag,
                      .target_digest = image.digest.text(),
                      .target_media_type = std::string(image::kOciManifest),
                      .target_size = static_cast<std::int64_t>(image.blobs.at(image.digest).size()),
                      .labels = {{"io.cri-containerd.image", "managed"}}});
  node::CriImage listed;
  listed.id = image.config.text();
  listed.repo_tags = {tag};
  listed.repo_digests = {tag.substr(0, tag.rfind(':')) + "@" + image.digest.text()};
  images_.push_back(std::move(listed));
}

}  // namespace tagdrift::soak
