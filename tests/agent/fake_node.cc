#include "fake_node.h"

#include <algorithm>
#include <utility>

#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {

class FakeNode::Watch final : public node::ImageWatch {
 public:
  explicit Watch(FakeNode& node) : node_(node) {}
  absl::Status CatchUp(const CallContext& context) override {
    if (absl::Status began = node_.calls->Begin("catching up with changes", context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    return node_.watch_fails;
  }
  std::vector<node::ImageEvent> ChangesOf(const std::string& name) const override {
    const std::lock_guard lock(*node_.mutex);
    return node_.changes[name];
  }

 private:
  FakeNode& node_;
};

class FakeNode::Containerd final : public node::ContainerdActions {
 public:
  explicit Containerd(FakeNode& node) : node_(node) {}

  absl::Status PointTo(const std::string& name, const node::ImageRecord& target, const CallContext& context) override {
    if (absl::Status began = Begin("re-pointing " + name, context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    std::exchange(node_.before_point_to, [] {})();
    const auto digest = image::Digest::Parse(target.target_digest);
    if (node_.Target(name).empty()) return absl::NotFoundError("re-pointing " + name + ": not found");
    node_.SetName(name, *digest);
    std::exchange(node_.after_point_to, [] {})();
    return std::exchange(node_.next_point_to, absl::OkStatus());
  }
  absl::StatusOr<bool> DeleteName(const std::string& name, const image::Digest& target,
                                  const CallContext& context) override {
    if (absl::Status began = Begin("removing the name " + name, context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    if (node_.Target(name) != target.text()) return false;
    node_.RemoveName(name);
    return true;
  }
  absl::Status CreateLease(const node::Lease& lease, const CallContext& context) override {
    if (absl::Status began = Begin("creating lease " + lease.id, context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    return node_.leases.emplace(lease.id, lease).second ? absl::OkStatus() : absl::AlreadyExistsError("lease");
  }
  absl::Status DeleteLease(const std::string& id, const CallContext& context) override {
    if (absl::Status began = Begin("deleting lease " + id, context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    node_.leases.erase(id);
    return absl::OkStatus();
  }
  absl::Status CollectGarbage(const CallContext& context) override { return Begin("collecting garbage", context); }
  absl::StatusOr<std::vector<node::Lease>> LeasesLabelled(const std::string& label, const std::string& value,
                                                          const CallContext& context) override {
    if (absl::Status began = Begin("listing leases", context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    std::vector<node::Lease> found;
    for (const auto& [id, lease] : node_.leases) {
      const auto here = lease.labels.find(label);
      if (here != lease.labels.end() && here->second == value) found.push_back(lease);
    }
    return found;
  }
  absl::Status HoldContent(const std::string& lease, const image::Digest& digest, const CallContext& context) override {
    absl::Status began = Begin("holding " + digest.Short() + " by lease " + lease, context);
    if (!began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    std::exchange(node_.on_hold, [] {})();
    return absl::OkStatus();
  }
  absl::StatusOr<bool> HasSnapshot(const std::string& snapshotter, const std::string& key,
                                   const CallContext& context) override {
    if (absl::Status began = Begin("asking for snapshot " + key, context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    return node_.snapshots.contains(snapshotter + " " + key);
  }
  absl::StatusOr<std::vector<node::Ingest>> Ingests(const CallContext& context) override {
    if (absl::Status began = Begin("listing what is being written", context); !began.ok()) return began;
    return std::vector<node::Ingest>();
  }
  absl::StatusOr<std::unique_ptr<node::ImageWatch>> WatchImages(const CallContext& context) override {
    if (absl::Status began = Begin("watching the image store", context); !began.ok()) return began;
    return std::make_unique<Watch>(node_);
  }

 private:
  absl::Status Begin(const std::string& doing, const CallContext& context) {
    return node_.calls->Begin(doing, context);
  }

  FakeNode& node_;
};

class FakeNode::Cri final : public node::CriActions {
 public:
  explicit Cri(FakeNode& node) : node_(node) {}
  absl::StatusOr<std::string> PullImage(const std::string& reference, const std::optional<node::PullCredential>&,
                                        const CallContext& context) override {
    if (absl::Status began = node_.calls->Begin("pulling " + reference, context); !began.ok()) return began;
    node_.on_pull();
    const std::lock_guard lock(*node_.mutex);
    if (!node_.pull_result.ok()) return node_.pull_result;
    const std::size_t at = reference.find('@');
    const auto delivery = node_.deliveries.find(reference.substr(at + 1));
    if (at == std::string::npos || delivery == node_.deliveries.end()) return "id";
    const SampleImage& image = delivery->second;
    node_.AddImage(image, reference.substr(0, at));
    node_.SetName(reference, image.digest());
    node_.SetName(image.id(), image.digest());
    return image.id();
  }
  absl::Status RemoveImage(const std::string& id, const CallContext& context) override {
    if (absl::Status began = node_.calls->Begin("removing image " + id, context); !began.ok()) return began;
    const std::lock_guard lock(*node_.mutex);
    std::vector<std::string> names;
    for (const node::ImageRecord& record : node_.store->records) {
      if (node_.ids[record.target_digest] == id) names.push_back(record.name);
    }
    for (const std::string& name : names) node_.RemoveName(name);
    return absl::OkStatus();
  }

 private:
  FakeNode& node_;
};

FakeNode::FakeNode() {
  auto containerd = std::make_unique<node::FakeContainerd>();
  auto runtime = std::make_unique<node::FakeCri>();
  store = containerd.get();
  cri = runtime.get();
  store->mutex = cri->mutex = mutex;
  store->calls = cri->calls = calls;
  clients.containerd = std::move(containerd);
  clients.cri = std::move(runtime);
  clients.cri_actions = std::make_unique<Cri>(*this);
  clients.containerd_actions = std::make_unique<Containerd>(*this);
}

image::Digest FakeNode::AddImage(const std::string& text) {
  const SampleImage image(text);
  AddImage(image);
  return image.digest();
}

void FakeNode::AddImage(const SampleImage& image, const std::string& source) {
  const std::lock_guard lock(*mutex);
  const image::Digest digest = image.digest();
  std::map<std::string, std::string> labels;
  if (const std::size_t slash = source.find('/'); slash != std::string::npos) {
    labels["containerd.io/distribution.source." + source.substr(0, slash)] = source.substr(slash + 1);
  }
  store->Add(image.layer);
  store->Add(image.config);
  store->Add(image.manifest, labels);
  ids[digest.text()] = image.id();
  layer.insert_or_assign(digest.text(), image.layer_digest());
}

bool FakeNode::IsComplete(const image::Digest& digest) const {
  const std::lock_guard lock(*mutex);
  const auto id = ids.find(digest.text());
  return id != ids.end() && store->blobs.contains(digest) && store->blobs.contains(layer.at(digest.text())) &&
         store->blobs.contains(*image::Digest::Parse(id->second));
}

void FakeNode::LetPull(const SampleImage& image) {
  const std::lock_guard lock(*mutex);
  deliveries.insert_or_assign(image.digest().text(), image);
}

void FakeNode::SetName(const std::string& name, const image::Digest& digest) {
  const std::lock_guard lock(*mutex);
  auto& records = store->records;
  auto found = std::find_if(records.begin(), records.end(), [&](const auto& record) { return record.name == name; });
  const bool is_new = found == records.end();
  if (is_new) found = records.insert(records.end(), node::ImageRecord{.name = name});
  found->target_digest = digest.text();
  found->target_media_type = image::kOciManifest;
  const auto blob = store->blobs.find(digest);
  found->target_size = blob == store->blobs.end() ? 1 : static_cast<std::int64_t>(blob->second.size());
  found->labels["io.cri-containerd.image"] = "managed";
  changes[name].push_back({is_new ? node::ImageEvent::Kind::kCreated : node::ImageEvent::Kind::kUpdated, name});
  if (cri_follows) Follow();
}

void FakeNode::RemoveName(const std::string& name) {
  const std::lock_guard lock(*mutex);
  std::erase_if(store->records, [&](const node::ImageRecord& record) { return record.name == name; });
  changes[name].push_back({node::ImageEvent::Kind::kDeleted, name});
  if (cri_follows) Follow();
}

std::string FakeNode::Target(const std::string& name) const {
  const std::lock_guard lock(*mutex);
  for (const node::ImageRecord& record : store->records) {
    if (record.name == name) return record.target_digest;
  }
  return "";
}

std::size_t FakeNode::Changes(const std::string& name) const {
  const std::lock_guard lock(*mutex);
  const auto found = changes.find(name);
  return found == changes.end() ? 0 : found->second.size();
}

void FakeNode::Follow() {
  std::map<std::string, node::CriImage> images;
  for (const node::ImageRecord& record : store->records) {
    node::CriImage& image = images[ids[record.target_digest]];
    image.id = ids[record.target_digest];
    if (record.name.starts_with("sha256:")) continue;
    (record.name.find('@') == std::string::npos ? image.repo_tags : image.repo_digests).push_back(record.name);
  }
  cri->images.clear();
  for (auto& [id, image] : images) cri->images.push_back(std::move(image));
}

}  // namespace tagdrift::agent
