#include "fake_node.h"

#include <algorithm>
#include <utility>

#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {

class FakeNode::Watch final : public node::ImageWatch {
 public:
  explicit Watch(FakeNode& node) : node_(node) {}
  absl::Status CatchUp() override { return node_.watch_fails; }
  std::vector<node::ImageEvent> ChangesOf(const std::string& name) const override { return node_.changes[name]; }

 private:
  FakeNode& node_;
};

class FakeNode::Containerd final : public node::ContainerdActions {
 public:
  explicit Containerd(FakeNode& node) : node_(node) {}

  absl::Status PointTo(const std::string& name, const node::ImageRecord& target) override {
    std::exchange(node_.before_point_to, [] {})();
    const auto digest = image::Digest::Parse(target.target_digest);
    if (node_.Target(name).empty()) return absl::NotFoundError("re-pointing " + name + ": not found");
    node_.SetName(name, *digest);
    std::exchange(node_.after_point_to, [] {})();
    return std::exchange(node_.next_point_to, absl::OkStatus());
  }
  absl::StatusOr<bool> DeleteName(const std::string& name, const image::Digest& target) override {
    if (node_.Target(name) != target.text()) return false;
    node_.RemoveName(name);
    return true;
  }
  absl::Status CreateLease(const node::Lease& lease) override {
    return node_.leases.emplace(lease.id, lease).second ? absl::OkStatus() : absl::AlreadyExistsError("lease");
  }
  absl::Status DeleteLease(const std::string& id) override {
    node_.leases.erase(id);
    return absl::OkStatus();
  }
  absl::Status CollectGarbage() override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<node::Lease>> LeasesLabelled(const std::string& label, const std::string& value) override {
    std::vector<node::Lease> found;
    for (const auto& [id, lease] : node_.leases) {
      const auto here = lease.labels.find(label);
      if (here != lease.labels.end() && here->second == value) found.push_back(lease);
    }
    return found;
  }
  absl::Status HoldContent(const std::string&, const image::Digest&) override {
    std::exchange(node_.on_hold, [] {})();
    return absl::OkStatus();
  }
  absl::StatusOr<bool> HasSnapshot(const std::string& snapshotter, const std::string& key) override {
    return node_.snapshots.contains(snapshotter + " " + key);
  }
  absl::StatusOr<std::vector<node::Ingest>> Ingests() override { return std::vector<node::Ingest>(); }
  absl::StatusOr<std::unique_ptr<node::ImageWatch>> WatchImages() override { return std::make_unique<Watch>(node_); }

 private:
  FakeNode& node_;
};

class FakeNode::Cri final : public node::CriActions {
 public:
  explicit Cri(FakeNode& node) : node_(node) {}
  absl::StatusOr<std::string> PullImage(const std::string&, const std::optional<node::PullCredential>&, absl::Duration,
                                        std::stop_token) override {
    node_.on_pull();
    if (!node_.pull_result.ok()) return node_.pull_result;
    return "id";
  }
  absl::Status RemoveImage(const std::string& id) override {
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
  clients.containerd = std::move(containerd);
  clients.cri = std::move(runtime);
  clients.cri_actions = std::make_unique<Cri>(*this);
  clients.containerd_actions = std::make_unique<Containerd>(*this);
}

image::Digest FakeNode::AddImage(const std::string& text) {
  const image::Digest blob = store->Add("layer of " + text);
  const std::string diff = image::Digest::OfBytes("unpacked " + text).text();
  const image::Digest config =
      store->Add(R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[")" + diff + R"("]}})");
  const auto descriptor = [](const std::string& type, const image::Digest& digest) {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest.text() + R"(","size":10})";
  };
  const image::Digest manifest =
      store->Add(R"({"schemaVersion":2,"mediaType":")" + std::string(image::kOciManifest) + R"(","config":)" +
                 descriptor("application/vnd.oci.image.config.v1+json", config) + R"(,"layers":[)" +
                 descriptor("application/vnd.oci.image.layer.v1.tar", blob) + "]}");
  ids[manifest.text()] = config.text();
  layer.emplace(manifest.text(), blob);
  return manifest;
}

void FakeNode::SetName(const std::string& name, const image::Digest& digest) {
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
  std::erase_if(store->records, [&](const node::ImageRecord& record) { return record.name == name; });
  changes[name].push_back({node::ImageEvent::Kind::kDeleted, name});
  if (cri_follows) Follow();
}

std::string FakeNode::Target(const std::string& name) const {
  for (const node::ImageRecord& record : store->records) {
    if (record.name == name) return record.target_digest;
  }
  return "";
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
