#include <algorithm>
#include <string_view>
#include <utility>

#include "tagdrift/image/platform_walk.h"
#include "tagdrift/node/content_reader.h"

namespace tagdrift::node {
namespace {

constexpr std::string_view kSourceLabel = "containerd.io/distribution.source.";
std::string NoImageFor(const image::Platform& platform, const image::Digest& index) {
  return "index " + index.text() + " has no image for " + platform.Text();
}

std::string WhyNone(const image::PlatformWalk::End& end, const image::Platform& platform) {
  if (const auto* none = std::get_if<image::NoPlatformManifest>(&end)) return NoImageFor(platform, none->index);
  return "index " + std::get<image::NestedTooDeeply>(end).index.text() + " is nested too deeply";
}

absl::StatusOr<facts::StoredImage> FindStored(ContentReader& content, const image::Platform& platform,
                                              const facts::CachedImage& image, const CallContext& context) {
  facts::StoredImage stored;
  image::PlatformWalk walk(platform, {.media_type = image.media_type, .digest = *image.target});
  while (const image::Descriptor* wanted = walk.Next()) {
    auto read = content.Document(wanted->digest, wanted->media_type, context);
    if (!read.ok()) return read.status();
    if (const auto* missing = std::get_if<facts::NotThere>(&*read)) {
      stored.missing = missing->detail;
      stored.no_image = missing->is_other && wanted->digest == *image.target;
      return stored;
    }
    walk.Take(std::get<image::Document>(*read));
  }
  const image::PlatformManifest* chosen = walk.manifest();
  if (chosen == nullptr) {
    stored.missing = WhyNone(walk.end(), platform);
    return stored;
  }
  auto read = content.Config(chosen->manifest.config.digest, context);
  if (!read.ok()) return read.status();
  const auto* config = std::get_if<image::ImageConfig>(&*read);
  if (config != nullptr && !chosen->Accepts(platform, config->platform)) {
    stored.missing = NoImageFor(platform, *image.target);
    return stored;
  }
  stored.manifest = chosen->digest;
  if (config == nullptr) {
    stored.missing = "config " + std::get<facts::NotThere>(*read).detail;
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
  for (const auto& [key, value] : labels) {
    if (!key.starts_with(kSourceLabel)) continue;
    const std::string host = key.substr(kSourceLabel.size());
    for (const std::string& repository : SplitRepositories(value)) {
      image.sources.push_back(std::string(host).append("/").append(repository));
    }
  }
  std::sort(image.sources.begin(), image.sources.end());
  image.provenance = IsFrom(image.reference, labels) ? facts::Provenance::kThisRepository
                     : image.sources.empty()         ? facts::Provenance::kNowhere
                                                     : facts::Provenance::kElsewhere;
}

}  // namespace

bool IsFrom(const image::Reference& reference, const std::map<std::string, std::string>& labels) {
  for (const std::string_view host : {std::string_view(reference.registry()), WithoutPort(reference.registry())}) {
    const auto label = labels.find(std::string(kSourceLabel).append(host));
    if (label == labels.end()) continue;
    const std::vector<std::string> repositories = SplitRepositories(label->second);
    if (std::find(repositories.begin(), repositories.end(), reference.repository()) != repositories.end()) return true;
  }
  return false;
}

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
