#include "tagdrift/node/content_reader.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

/// containerd's own limit for manifests; no config comes near it.
constexpr std::size_t kLargestDocument = 4393216;
/// So many images cost no more than a listing if each is asked for.
constexpr std::size_t kFewImages = 16;
/// Some 8 MiB of digests.
constexpr std::size_t kMostListed = 1 << 18;

facts::Content Missing(const image::Digest& digest) {
  return facts::NotThere{digest.text() + " is not in the content store"};
}

/// True for what a registry does not serve as manifest, in any version of it: a web page, an error in JSON.
bool IsNoManifest(const std::string& bytes) {
  const std::string_view text = text::Trim(bytes);
  if (!text.starts_with('{')) return true;
  constexpr std::array<std::string_view, 4> kMembers = {"\"manifests\"", "\"layers\"", "\"config\"", "\"fsLayers\""};
  return std::ranges::none_of(kMembers, [&](std::string_view name) { return text.find(name) != text.npos; });
}

/// What `parse` makes of the bytes; what it refuses is NotThere with its reason.
template <typename Parse>
facts::Content Parsed(const image::Digest& digest, const std::string& bytes, Parse parse) {
  auto parsed = parse(bytes);
  if (!parsed.ok())
    return facts::NotThere{digest.text() + ": " + text::MessageOf(parsed.status()), IsNoManifest(bytes)};
  return *std::move(parsed);
}

/// containerd goes by the descriptor's media type, whatever the document says of itself.
facts::Content AsDescribed(facts::Content content, const image::Digest& digest, const std::string& media_type) {
  const auto* document = std::get_if<image::Document>(&content);
  if (document == nullptr || media_type.empty()) return content;
  if (!image::IsManifestOrIndex(media_type)) {
    return facts::NotThere{digest.text() + " is recorded as " + media_type + ", which is no manifest or index"};
  }
  if (image::IsIndex(media_type) != std::holds_alternative<image::Index>(*document)) {
    return facts::NotThere{digest.text() + " is recorded as " + media_type + " and is none"};
  }
  return content;
}

/// The remembered reading of `digest`; the first caller does it while others wait for it. A failure to ask is not
/// remembered.
template <typename Readings, typename Read>
auto Once(std::mutex& mutex, Readings& readings, const image::Digest& digest, Read read) -> decltype(read()) {
  std::promise<decltype(read())> promise;
  std::unique_lock lock(mutex);
  const auto [found, first] = readings.try_emplace(digest, promise.get_future());
  const auto reading = found->second;
  lock.unlock();
  if (!first) return reading.get();
  auto value = read();
  promise.set_value(value);
  if (!value.ok()) {
    lock.lock();
    readings.erase(digest);
  }
  return value;
}

}  // namespace

template <typename Parse>
absl::StatusOr<facts::Content> ContentReader::Get(Readings<facts::Content>& readings, const image::Digest& digest,
                                                  ContentCache::Kind kind, Parse parse, const CallContext& context) {
  if (client_ == nullptr) return absl::FailedPreconditionError("reading content: no access to the content store");
  return Once(mutex_, readings, digest, [&]() -> absl::StatusOr<facts::Content> {
    if (auto known = cache_ == nullptr ? std::nullopt : cache_->Find(digest, kind)) {
      const auto there = IsThere(digest, context);
      if (!there.ok()) return there.status();
      return *there ? *std::move(known) : Missing(digest);
    }
    const absl::StatusOr<std::string> bytes = client_->Read(digest, kLargestDocument, context);
    if (absl::IsNotFound(bytes.status())) return Missing(digest);
    if (absl::IsResourceExhausted(bytes.status())) {
      return facts::NotThere{digest.text() + " is larger than " + std::to_string(kLargestDocument) + " bytes"};
    }
    if (!bytes.ok()) return bytes.status();
    facts::Content content = Parsed(digest, *bytes, parse);
    if (budget_ != nullptr && !budget_->Take("", facts::ApproximateBytes(content))) {
      return absl::ResourceExhaustedError(digest.text() + ": the node's images have more content than one round holds");
    }
    if (cache_ != nullptr) cache_->Put(digest, kind, content);
    return content;
  });
}

absl::StatusOr<facts::Content> ContentReader::Document(const image::Digest& digest, const std::string& media_type,
                                                       const CallContext& context) {
  auto content = Get(
      documents_, digest, ContentCache::Kind::kDocument,
      [](const std::string& bytes) { return image::ParseDocument(bytes, ""); }, context);
  if (!content.ok()) return content.status();
  return AsDescribed(*std::move(content), digest, media_type);
}

absl::StatusOr<facts::Content> ContentReader::Config(const image::Digest& digest, const CallContext& context) {
  return Get(configs_, digest, ContentCache::Kind::kConfig, image::ParseImageConfig, context);
}

absl::StatusOr<std::optional<std::map<std::string, std::string>>> ContentReader::Labels(const image::Digest& digest,
                                                                                        const CallContext& context) {
  if (client_ == nullptr) return absl::FailedPreconditionError("reading labels: no access to the content store");
  if (const ContentListing* listing = Listing(context)) {
    if (const auto* labels = listing->LabelsOf(digest)) return *labels;
  }
  auto info = Info(digest, context);
  if (!info.ok()) return info.status();
  if (!info->has_value()) return std::nullopt;
  return std::move((*info)->labels);
}

void ContentReader::Expect(const std::vector<facts::CachedImage>& images, std::size_t count) {
  const std::lock_guard lock(listing_mutex_);
  if (count <= kFewImages || targets_ || was_listed_) return;
  targets_.emplace();
  for (const facts::CachedImage& image : images) {
    if (image.target) targets_->push_back(*image.target);
  }
}

const ContentListing* ContentReader::Listing(const CallContext& context) {
  const std::lock_guard lock(listing_mutex_);
  if (targets_ && !was_listed_) {
    was_listed_ = true;
    auto listed = client_->ListContent(*std::exchange(targets_, std::nullopt), kMostListed, context);
    if (listed.ok()) listing_ = *std::move(listed);
  }
  return listing_ ? &*listing_ : nullptr;
}

absl::StatusOr<bool> ContentReader::IsThere(const image::Digest& digest, const CallContext& context) {
  const ContentListing* listing = Listing(context);
  if (listing != nullptr && listing->Has(digest)) return true;
  const auto info = Info(digest, context);
  if (!info.ok()) return info.status();
  return info->has_value();
}

absl::StatusOr<std::optional<ContentInfo>> ContentReader::Info(const image::Digest& digest,
                                                               const CallContext& context) {
  return Once(mutex_, infos_, digest, [&] { return client_->Info(digest, context); });
}

}  // namespace tagdrift::node
