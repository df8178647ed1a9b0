#include <algorithm>
#include <string_view>
#include <utility>

#include "tagdrift/node/content_reader.h"

namespace tagdrift::node {
namespace {

constexpr std::string_view kSourceLabel = "containerd.io/distribution.source.";
constexpr int kDeepestIndex = 4;

/// The manifest that containerd uses on this node.
struct ChosenManifest {
  image::Digest digest;
  image::Manifest manifest;
  bool platform_checked;  ///< false where the index did not say for which platform the manifest is
};

facts::NotThere NoImageFor(const image::Platform& platform, const image::Digest& index) {
  return {"index " + index.text() + " has no image for " + platform.Text()};
}

absl::StatusOr<std::variant<facts::NotThere, ChosenManifest>> ChooseManifest(ContentReader& content,
                                                                             const image::Platform& platform,
                                                                             image::Digest digest,
                                                                             std::string media_type,
                                                                             const CallContext& context) {
  bool platform_checked = true;
  for (int depth = 0; depth < kDeepestIndex; ++depth) {
    auto read = content.Document(digest, media_type, context);
    if (!read.ok()) return read.status();
    const auto* document = std::get_if<image::Document>(read->get());
    if (document == nullptr) return std::get<facts::NotThere>(**read);
    if (const auto* manifest = std::get_if<image::Manifest>(document)) {
      return ChosenManifest{digest, *manifest, platform_checked};
    }
    const image::Descriptor* chosen = image::SelectManifest(std::get<image::Index>(*document), platform);
    if (chosen == nullptr) return NoImageFor(platform, digest);
    platform_checked = chosen->platform.has_value();
    media_type = chosen->media_type;
    digest = image::Digest(chosen->digest);
  }
  return facts::NotThere{"index " + digest.text() + " is nested too deeply"};
}

absl::StatusOr<facts::StoredImage> FindStored(ContentReader& content, const image::Platform& platform,
                                              const facts::CachedImage& image, const CallContext& context) {
  auto choice = ChooseManifest(content, platform, *image.target, image.media_type, context);
  if (!choice.ok()) return choice.status();
  facts::StoredImage stored;
  const auto* chosen = std::get_if<ChosenManifest>(&*choice);
  if (chosen == nullptr) {
    stored.missing = std::get<facts::NotThere>(*choice).detail;
    return stored;
  }
  auto read = content.Config(chosen->manifest.config.digest, context);
  if (!read.ok()) return read.status();
  const auto* config = std::get_if<image::ImageConfig>(read->get());
  if (config != nullptr && !chosen->platform_checked && !image::Rank(platform, config->platform)) {
    stored.missing = NoImageFor(platform, *image.target).detail;
    return stored;
  }
  stored.manifest = chosen->digest;
  if (config == nullptr) {
    stored.missing = "config " + std::get<facts::NotThere>(**read).detail;
    return stored;
  }
  stored.id = chosen->manifest.config.digest;
  stored.platform = config->platform;
  stored.created = config->created;
  return stored;
}

/// Host part of a reference as containerd writes it into the label: no port, no brackets.
std::string_view WithoutPort(std::string_view registry) {
  if (registry.starts_with('[')) return registry.substr(1, registry.find(']') - 1);
  return registry.substr(0, registry.rfind(':'));
}

std::vector<std::string> SplitRepositories(const std::string& text) {
  std::vector<std::string> repositories;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) repositories.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return repositories;
}

void FillProvenance(const std::map<std::string, std::string>& labels, facts::CachedImage& image) {
  const image::Reference& reference = image.reference;
  bool here = false;
  for (const auto& [key, value] : labels) {
    if (!key.starts_with(kSourceLabel)) continue;
    const std::string host = key.substr(kSourceLabel.size());
    const bool same_host = host == reference.registry() || host == WithoutPort(reference.registry());
    for (const std::string& repository : SplitRepositories(value)) {
      image.sources.push_back(std::string(host).append("/").append(repository));
      here = here || (same_host && repository == reference.repository());
    }
  }
  std::sort(image.sources.begin(), image.sources.end());
  image.provenance = here                    ? facts::Provenance::kThisRepository
                     : image.sources.empty() ? facts::Provenance::kNowhere
                                             : facts::Provenance::kElsewhere;
}

}  // namespace

absl::Status ReadContent(ContentReader& content, const image::Platform& platform, facts::CachedImage& image,
                         const CallContext& context) {
  image.stored.reset();
  image.unreadable.clear();
  image.provenance = facts::Provenance::kUnknown;
  image.sources.clear();
  if (!content.available() || !image.target) return absl::OkStatus();
  auto stored = FindStored(content, platform, image, context);
  if (!stored.ok()) return stored.status();
  auto labels = content.Labels(*image.target, context);
  if (!labels.ok()) return labels.status();
  image.stored = *std::move(stored);
  if (labels->has_value()) FillProvenance(**labels, image);
  return absl::OkStatus();
}

}  // namespace tagdrift::node
