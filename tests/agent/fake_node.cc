#include "fake_node.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "tagdrift/image/manifest.h"
#include "tagdrift/image/reference.h"

namespace tagdrift::agent {

class FakeNode::Watch final : public node::ImageWatch {
 public:
  explicit Watch(FakeNode& node) : node_(node) {
    for (const auto& [name, events] : node.changes) before_[name] = static_cast<std::ptrdiff_t>(events.size());
  }
  absl::Status CatchUp(const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("watching containerd's image events", context); !status.ok()) {
      return status;
    }
    const auto lock = node_.Lock();
    return node_.watch_fails;
  }
  std::vector<node::ImageEvent> ChangesOf(const std::string& name) const override {
    const auto lock = node_.Lock();
    const auto events = node_.changes.find(name);
    if (events == node_.changes.end()) return {};
    const auto before = before_.find(name);
    return {events->second.begin() + (before == before_.end() ? 0 : before->second), events->second.end()};
  }

 private:
  FakeNode& node_;
  std::map<std::string, std::ptrdiff_t> before_;  ///< changes of each name before the watch
};

class FakeNode::Following final : public node::NodeChanges {
 public:
  explicit Following(FakeNode& node) : node_(node) {}

  absl::Status Follow(const std::function<void()>& changed, const CallContext& context) override {
    int seen = -1;
    while (true) {
      {
        auto lock = node_.Lock();
        node_.told_.wait(lock, context.stop, [&] { return node_.tellings_ != seen; });
        if (context.stop.stop_requested()) return absl::CancelledError("following the node: stopped");
        seen = node_.tellings_;
      }
      changed();
    }
  }

 private:
  FakeNode& node_;
};

class FakeNode::Containerd final : public node::ContainerdActions {
 public:
  explicit Containerd(FakeNode& node) : node_(node) {}

  absl::Status CreateName(const node::ImageRecord& record, const CallContext& context) override {
    const std::string doing = "creating the name " + record.name;
    if (absl::Status status = node_.calls->Begin(doing, context); !status.ok()) return status;
    const auto lock = node_.Lock();
    if (!node_.Target(record.name).empty()) return absl::AlreadyExistsError(doing + ": already exists");
    node_.SetName(record.name, *image::Digest::Parse(record.target_digest));
    return absl::OkStatus();
  }
  absl::Status PointTo(const std::string& name, const node::ImageRecord& target, const CallContext& context) override {
    const std::string doing = "re-pointing " + name;
    if (absl::Status status = node_.calls->Begin(doing, context); !status.ok()) return status;
    Exchanged(node_.before_point_to)();
    {
      const auto lock = node_.Lock();
      const auto digest = image::Digest::Parse(target.target_digest);
      if (node_.Target(name).empty()) return absl::NotFoundError(doing + ": not found");
      node_.SetName(name, *digest);
    }
    Exchanged(node_.after_point_to)();
    const auto lock = node_.Lock();
    return std::exchange(node_.next_point_to, absl::OkStatus());
  }
  absl::StatusOr<bool> DeleteName(const std::string& name, const image::Digest& target,
                                  const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("removing the name " + name, context); !status.ok()) return status;
    const auto lock = node_.Lock();
    const std::string now = node_.Target(name);
    if (now.empty() || (now != target.text() && !node_.deletes_any_target)) return false;
    node_.RemoveName(name);
    return true;
  }
  absl::Status CreateLease(const node::Lease& lease, const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("creating a lease", context); !status.ok()) return status;
    const auto lock = node_.Lock();
    return node_.leases.emplace(lease.id, lease).second ? absl::OkStatus() : absl::AlreadyExistsError("lease");
  }
  absl::Status DeleteLease(const std::string& id, const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("deleting lease " + id, context); !status.ok()) return status;
    const auto lock = node_.Lock();
    node_.leases.erase(id);
    return absl::OkStatus();
  }
  absl::Status CollectGarbage(const CallContext& context) override {
    return node_.calls->Begin("collecting garbage", context);
  }
  absl::StatusOr<std::vector<node::Lease>> LeasesLabelled(const std::string& label, const std::string& value,
                                                          const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("listing containerd's leases", context); !status.ok()) return status;
    const auto lock = node_.Lock();
    std::vector<node::Lease> found;
    for (const auto& [id, lease] : node_.leases) {
      const auto here = lease.labels.find(label);
      if (here != lease.labels.end() && here->second == value) found.push_back(lease);
    }
    return found;
  }
  absl::Status HoldContent(const std::string& lease, const image::Digest& digest, const CallContext& context) override {
    const std::string doing = "leasing " + digest.Short();
    if (absl::Status status = node_.calls->Begin(doing, context); !status.ok()) return status;
    {
      const auto lock = node_.Lock();
      if (!node_.leases.contains(lease)) return absl::NotFoundError(doing + ": lease " + lease + ": not found");
    }
    Exchanged(node_.on_hold)();
    return absl::OkStatus();
  }
  absl::StatusOr<bool> HasSnapshot(const std::string& snapshotter, const std::string& key,
                                   const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("asking snapshotter " + snapshotter, context); !status.ok()) {
      return status;
    }
    const auto lock = node_.Lock();
    return node_.snapshots.contains(snapshotter + " " + key);
  }
  absl::StatusOr<std::vector<node::Ingest>> Ingests(const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("asking what is being written", context); !status.ok()) return status;
    return std::vector<node::Ingest>();
  }
  absl::StatusOr<std::unique_ptr<node::ImageWatch>> WatchImages(const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("watching containerd's image events", context); !status.ok()) {
      return status;
    }
    const auto lock = node_.Lock();
    return std::make_unique<Watch>(node_);
  }

 private:
  /// The hook, which is not called again.
  std::function<void()> Exchanged(std::function<void()>& hook) {
    const auto lock = node_.Lock();
    return std::exchange(hook, [] {});
  }

  FakeNode& node_;
};

class FakeNode::Cri final : public node::CriActions {
 public:
  explicit Cri(FakeNode& node) : node_(node) {}
  absl::StatusOr<std::string> PullImage(const std::string& reference, const std::optional<node::PullCredential>&,
                                        const CallContext& context) override {
    const std::string doing = "pulling " + reference;
    if (absl::Status status = node_.calls->Begin(doing, context); !status.ok()) return status;
    node_.on_pull();
    const auto lock = node_.Lock();
    if (!node_.pull_result.ok()) return node_.pull_result;
    const std::size_t at = reference.find('@');
    const auto delivery =
        at == std::string::npos ? node_.deliveries.end() : node_.deliveries.find(reference.substr(at + 1));
    if (delivery != node_.deliveries.end()) {
      const SampleImage& sample = delivery->second;
      node_.AddImage(sample);
      return node_.Pull(reference, sample.digest());
    }
    if (node_.offered.empty()) return "id";
    const auto found = node_.offered.find(reference);
    if (found == node_.offered.end()) return absl::NotFoundError(doing + ": not found");
    return node_.Pull(reference, found->second);
  }
  absl::Status RemoveImage(const std::string& id, const CallContext& context) override {
    if (absl::Status status = node_.calls->Begin("removing image " + id, context); !status.ok()) return status;
    const auto lock = node_.Lock();
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
  cri->mutex = store->mutex;
  cri->calls = store->calls;
  calls = store->calls;
  clients.containerd = std::move(containerd);
  clients.cri = std::move(runtime);
  clients.cri_actions = std::make_unique<Cri>(*this);
  clients.containerd_actions = std::make_unique<Containerd>(*this);
  clients.changes = std::make_unique<Following>(*this);
}

void FakeNode::Tell() {
  ++tellings_;
  told_.notify_all();
}

image::Digest FakeNode::AddImage(const std::string& text) {
  const SampleImage image(text);
  AddImage(image);
  return image.digest();
}

void FakeNode::AddImage(const SampleImage& image, const std::string& source) {
  const auto lock = Lock();
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
  const auto lock = Lock();
  const auto id = ids.find(digest.text());
  return id != ids.end() && store->blobs.contains(digest) && store->blobs.contains(layer.at(digest.text())) &&
         store->blobs.contains(*image::Digest::Parse(id->second));
}

void FakeNode::LetPull(const SampleImage& image) {
  const auto lock = Lock();
  deliveries.insert_or_assign(image.digest().text(), image);
}

void FakeNode::SetName(const std::string& name, const image::Digest& digest) {
  const auto lock = Lock();
  auto& records = store->records;
  auto found = std::find_if(records.begin(), records.end(), [&](const auto& record) { return record.name == name; });
  const bool is_new = found == records.end();
  if (is_new) found = records.insert(records.end(), node::ImageRecord{.name = name});
  found->target_digest = digest.text();
  found->target_media_type = image::kOciManifest;
  const auto blob = store->blobs.find(digest);
  found->target_size = blob == store->blobs.end() ? 1 : static_cast<std::int64_t>(blob->second.size());
  found->labels["io.cri-containerd.image"] = "managed";
  Tell();
  changes[name].push_back({is_new ? node::ImageEvent::Kind::kCreated : node::ImageEvent::Kind::kUpdated, name});
  if (cri_follows) Follow();
}

void FakeNode::RemoveName(const std::string& name) {
  const auto lock = Lock();
  Tell();
  std::erase_if(store->records, [&](const node::ImageRecord& record) { return record.name == name; });
  changes[name].push_back({node::ImageEvent::Kind::kDeleted, name});
  if (cri_follows) Follow();
}

std::string FakeNode::Target(const std::string& name) const {
  const auto lock = Lock();
  for (const node::ImageRecord& record : store->records) {
    if (record.name == name) return record.target_digest;
  }
  return "";
}

std::size_t FakeNode::Changes(const std::string& name) const {
  const auto lock = Lock();
  const auto found = changes.find(name);
  return found == changes.end() ? 0 : found->second.size();
}

void FakeNode::Offer(const std::string& reference, const image::Digest& digest) {
  const auto lock = Lock();
  offered.insert_or_assign(reference, digest);
}

/// As the CRI plugin: the reference, the same by digest, and the image id name the image; it is unpacked.
std::string FakeNode::Pull(const std::string& reference, const image::Digest& digest) {
  const image::Reference name = *image::Reference::Parse(reference);
  const image::Digest config = *image::Digest::Parse(ids[digest.text()]);
  const std::string snapshot =
      image::ChainIds(image::ParseImageConfig(store->blobs.at(config))->diff_ids).back().text();
  store->labels_of[config]["containerd.io/gc.ref.snapshot.overlayfs"] = snapshot;
  store->labels_of[digest]["containerd.io/distribution.source." + name.registry()] = name.repository();
  snapshots.insert("overlayfs " + snapshot);
  SetName(name.Name() + "@" + digest.text(), digest);
  SetName(ids[digest.text()], digest);
  if (reference.find('@') == std::string::npos) SetName(reference, digest);
  return ids[digest.text()];
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
