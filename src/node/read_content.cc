#include "read_content.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

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

StoredWalk::StoredWalk(const image::Platform& platform, const facts::CachedImage& image)
    : platform_(platform),
      target_(*image.target),
      walk_(platform, {.media_type = image.media_type, .digest = *image.target}) {
  GoOn();
}

void StoredWalk::GoOn() {
  wanted_.reset();
  if (const image::Descriptor* next = walk_.Next()) {
    wanted_ = {next->digest, ContentCache::Kind::kDocument, next->media_type};
  } else if (const image::PlatformManifest* chosen = walk_.manifest()) {
    wanted_ = {chosen->manifest.config.digest, ContentCache::Kind::kConfig};
  } else {
    stored_.missing = WhyNone(walk_.end(), platform_);
  }
}

void StoredWalk::Take(const facts::Content& content) {
  if (wanted_->kind == ContentCache::Kind::kConfig) {
    TakeConfig(content);
    wanted_.reset();
  } else if (const auto* missing = std::get_if<facts::NotThere>(&content)) {
    stored_.missing = missing->detail;
    stored_.no_image = missing->is_other && wanted_->digest == target_;
    wanted_.reset();
  } else {
    walk_.Take(std::get<image::Document>(content));
    GoOn();
  }
}

void StoredWalk::TakeConfig(const facts::Content& content) {
  const image::PlatformManifest& chosen = *walk_.manifest();
  const auto* config = std::get_if<image::ImageConfig>(&content);
  if (config != nullptr && !chosen.Accepts(platform_, config->platform)) {
    stored_.missing = NoImageFor(platform_, target_);
    return;
  }
  stored_.manifest = chosen.digest;
  if (config == nullptr) {
    stored_.missing = "config " + std::get<facts::NotThere>(content).detail;
    return;
  }
  stored_.id = chosen.manifest.config.digest;
  stored_.platform = config->platform;
  stored_.created = config->created;
}

absl::Status SetContent(ContentReader& content, const facts::StoredImage& stored, facts::CachedImage& image,
                        const CallContext& context) {
  auto labels = content.Labels(*image.target, context);
  if (!labels.ok()) return labels.status();
  image.stored = stored;
  if (labels->has_value()) FillProvenance(**labels, image);
  return absl::OkStatus();
}

absl::Status ReadContent(ContentReader& content, const image::Platform& platform, facts::CachedImage& image,
                         const CallContext& context) {
  image.ForgetContent();
  if (!content.available() || !image.target) return absl::OkStatus();
  StoredWalk walk(platform, image);
  while (const BlobQuery* wanted = walk.Next()) {
    const auto read = content.Read(*wanted, context);
    if (!read.ok()) return read.status();
    walk.Take(*read);
  }
  return SetContent(content, walk.stored(), image, context);
}

}  // namespace tagdrift::node
