#include "wanted_image.h"

#include <string_view>
#include <utility>
#include <variant>

#include "tagdrift/image/platform_walk.h"
#include "tagdrift/image/sizes.h"
#include "tagdrift/node/content_reader.h"

namespace tagdrift::agent {
namespace {

constexpr std::string_view kSnapshotLabel = "containerd.io/gc.ref.snapshot.";

class Finder {
 public:
  Finder(node::RuntimeClients& runtime, const image::Platform& platform, image::Digest digest,
         const FetchContent& fetch, const CallContext& context)
      : runtime_(runtime),
        platform_(platform),
        fetch_(fetch),
        context_(context),
        store_(runtime.containerd.get()),
        found_{.digest = std::move(digest)} {}

  absl::StatusOr<judge::WantedImage> Find() {
    auto manifest = FindManifest();
    if (!manifest.ok()) return manifest.status();
    if (*manifest) {
      if (absl::Status status = FollowManifest(**manifest); !status.ok()) return status;
    }
    if (!found_.unreadable.empty() && found_.incomplete.empty()) found_.incomplete = found_.unreadable;
    return std::move(found_);
  }

 private:
  void Miss(image::Descriptor blob, const std::string& what) {
    found_.bytes_to_come = image::AddSizes(found_.bytes_to_come, blob.size);
    if (found_.incomplete.empty()) found_.incomplete = what + " " + blob.digest.Short() + " is not here";
    found_.missing.push_back(std::move(blob));
  }

  /// The content, from here or elsewhere; nothing where it could not be had, `unreadable` says why.
  absl::StatusOr<std::optional<facts::Content>> Get(const image::Descriptor& blob, bool is_config) {
    const char* what = is_config ? "config" : "manifest";
    auto info = runtime_.containerd->Info(blob.digest, context_);
    if (!info.ok()) return info.status();
    if (*info) {
      auto here =
          is_config ? store_.Config(blob.digest, context_) : store_.Document(blob.digest, blob.media_type, context_);
      if (!here.ok()) return here.status();
      if (const auto* bad = std::get_if<facts::NotThere>(&*here)) {
        found_.unreadable = bad->detail;
        return std::nullopt;
      }
      last_size_ = (*info)->size;
      return *std::move(here);
    }
    auto fetched = fetch_ ? fetch_(blob.digest, blob.media_type, is_config) : std::nullopt;
    last_size_ = fetched ? fetched->size : blob.size;
    Miss({.media_type = blob.media_type, .digest = blob.digest, .size = last_size_}, what);
    if (!fetched) {
      found_.unreadable = std::string(what) + " " + blob.digest.Short() + " could not be had";
      return std::nullopt;
    }
    if (const auto* bad = std::get_if<facts::NotThere>(&fetched->content)) {
      found_.unreadable = bad->detail;
      return std::nullopt;
    }
    return std::move(fetched->content);
  }

  /// Nothing: there is none for this node, or a document on the way could not be had.
  absl::StatusOr<std::optional<image::Manifest>> FindManifest() {
    image::PlatformWalk walk(platform_, {.media_type = "", .digest = found_.digest});
    while (const image::Descriptor* wanted = walk.Next()) {
      const bool is_top = walk.media_type().empty();
      auto content = Get(*wanted, false);
      if (!content.ok()) return content.status();
      if (!*content) return std::nullopt;
      walk.Take(std::get<image::Document>(**content));
      if (!is_top) continue;
      found_.is_index = walk.is_index();
      found_.size = last_size_;
      found_.media_type = walk.media_type();
    }
    if (std::holds_alternative<image::NestedTooDeeply>(walk.end())) {
      found_.unreadable = found_.digest.Short() + " is an index nested too deeply";
    }
    if (walk.manifest() == nullptr) return std::nullopt;
    found_.manifest = walk.manifest()->digest;
    return walk.manifest()->manifest;
  }

  absl::Status FollowManifest(const image::Manifest& manifest) {
    found_.config = manifest.config.digest;
    auto content = Get(manifest.config, true);
    if (!content.ok()) return content.status();
    std::vector<image::Digest> chain;
    if (*content) {
      const auto& config = std::get<image::ImageConfig>(**content);
      found_.platform = config.platform;
      chain = image::ChainIds(config.diff_ids);
    }
    if (chain.size() != manifest.layers.size()) chain.clear();
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
      const auto here = LayerIsHere(manifest, i, chain);
      if (!here.ok()) return here.status();
      if (*here) continue;
      found_.layer_bytes = image::AddSizes(found_.layer_bytes, manifest.layers[i].size);
      Miss(manifest.layers[i], "layer");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> LayerIsHere(const image::Manifest& manifest, std::size_t layer,
                                   const std::vector<image::Digest>& chain) {
    auto blob = runtime_.containerd->Info(manifest.layers[layer].digest, context_);
    if (!blob.ok()) return blob.status();
    if (*blob) return true;
    if (chain.empty()) return false;
    auto config = runtime_.containerd->Info(manifest.config.digest, context_);
    if (!config.ok()) return config.status();
    if (!*config) return false;
    // containerd names the snapshotter that it unpacked into on the config blob.
    for (const auto& [label, key] : (*config)->labels) {
      if (!label.starts_with(kSnapshotLabel)) continue;
      auto snapshot =
          runtime_.containerd_actions->HasSnapshot(label.substr(kSnapshotLabel.size()), chain[layer].text(), context_);
      if (!snapshot.ok()) return snapshot.status();
      if (*snapshot) return true;
    }
    return false;
  }

  node::RuntimeClients& runtime_;
  const image::Platform& platform_;
  const FetchContent& fetch_;
  const CallContext& context_;
  node::ContentReader store_;
  judge::WantedImage found_;
  std::int64_t last_size_ = 0;
};

}  // namespace

absl::StatusOr<judge::WantedImage> FindWantedImage(node::RuntimeClients& runtime, const image::Platform& platform,
                                                   const image::Digest& digest, const FetchContent& fetch,
                                                   const CallContext& context) {
  return Finder(runtime, platform, digest, fetch, context).Find();
}

absl::StatusOr<std::string> MissingHere(node::RuntimeClients& runtime, const image::Platform& platform,
                                        const image::Digest& digest, const CallContext& context) {
  auto image = FindWantedImage(runtime, platform, digest, nullptr, context);
  if (!image.ok()) return image.status();
  if (image->incomplete.empty() && !image->manifest) return digest.Short() + " has no image for " + platform.Text();
  return std::move(image->incomplete);
}

}  // namespace tagdrift::agent
