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

facts::Content ParsedAs(const BlobQuery& blob, const std::string& bytes) {
  if (blob.kind == ContentCache::Kind::kConfig) return Parsed(blob.digest, bytes, image::ParseImageConfig);
  return Parsed(blob.digest, bytes, [](const std::string& text) { return image::ParseDocument(text, ""); });
}

/// containerd goes by the descriptor's media type, whatever the document says of itself.
absl::StatusOr<facts::Content> AsDescribed(absl::StatusOr<facts::Content> content, const BlobQuery& blob) {
  const auto* document = content.ok() ? std::get_if<image::Document>(&*content) : nullptr;
  if (document == nullptr || blob.media_type.empty()) return content;
  if (!image::IsManifestOrIndex(blob.media_type)) {
    return facts::NotThere{blob.digest.text() + " is recorded as " + blob.media_type +
                           ", which is no manifest or index"};
  }
  if (image::IsIndex(blob.media_type) != std::holds_alternative<image::Index>(*document)) {
    return facts::NotThere{blob.digest.text() + " is recorded as " + blob.media_type + " and is none"};
  }
  return content;
}

}  // namespace

absl::StatusOr<facts::Content> ContentReader::Read(const BlobQuery& blob, const CallContext& context) {
  if (auto known = Begin(blob, context)) return *std::move(known);
  return Take(blob, client_->Read(blob.digest, kLargestDocument, context));
}

std::optional<absl::StatusOr<facts::Content>> ContentReader::Begin(const BlobQuery& blob, const CallContext& context) {
  if (client_ == nullptr) return absl::FailedPreconditionError("reading content: no access to the content store");
  std::unique_lock lock(mutex_);
  const auto [reading, first] = readings_.try_emplace({blob.digest, blob.kind});
  const auto content = reading->second.content;
  lock.unlock();
  if (!first) return AsDescribed(content.get(), blob);
  auto cached = cache_ == nullptr ? std::nullopt : cache_->Find(blob.digest, blob.kind);
  if (!cached) return std::nullopt;
  const auto there = IsThere(blob.digest, context);
  if (!there.ok()) return Settle(blob, there.status());
  return Settle(blob, *there ? *std::move(cached) : Missing(blob.digest));
}

void ContentReader::ReadMany(const ContainerdClient::NextBlob& next, const ContainerdClient::OnBlob& on_read,
                             const CallContext& context) {
  client_->ReadMany(next, on_read, kLargestDocument, context);
}

absl::StatusOr<facts::Content> ContentReader::Take(const BlobQuery& blob, const absl::StatusOr<std::string>& bytes) {
  return Settle(blob, Interpret(blob, bytes));
}

absl::StatusOr<facts::Content> ContentReader::Interpret(const BlobQuery& blob,
                                                        const absl::StatusOr<std::string>& bytes) {
  if (absl::IsNotFound(bytes.status())) return Missing(blob.digest);
  if (absl::IsResourceExhausted(bytes.status())) {
    return facts::NotThere{blob.digest.text() + " is larger than " + std::to_string(kLargestDocument) + " bytes"};
  }
  if (!bytes.ok()) return bytes.status();
  facts::Content content = ParsedAs(blob, *bytes);
  if (budget_ != nullptr && !budget_->Take("", facts::ApproximateBytes(content))) {
    return absl::ResourceExhaustedError(blob.digest.text() +
                                        ": the node's images have more content than one round holds");
  }
  if (cache_ != nullptr) cache_->Put(blob.digest, blob.kind, content);
  return content;
}

absl::StatusOr<facts::Content> ContentReader::Settle(const BlobQuery& blob, absl::StatusOr<facts::Content> content) {
  {
    const std::lock_guard lock(mutex_);
    const auto reading = readings_.find({blob.digest, blob.kind});
    reading->second.promise.set_value(content);
    if (!content.ok()) readings_.erase(reading);
  }
  return AsDescribed(std::move(content), blob);
}

absl::StatusOr<std::optional<std::map<std::string, std::string>>> ContentReader::Labels(const image::Digest& digest,
                                                                                        const CallContext& context) {
  if (client_ == nullptr) return absl::FailedPreconditionError("reading labels: no access to the content store");
  if (const auto listing = Listing(context)) {
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

void ContentReader::ForgetListing() {
  const std::lock_guard lock(listing_mutex_);
  targets_.reset();
  was_listed_ = true;
  listing_.reset();
}

std::shared_ptr<const ContentListing> ContentReader::Listing(const CallContext& context) {
  const std::lock_guard lock(listing_mutex_);
  if (targets_ && !was_listed_) {
    was_listed_ = true;
    auto listed = client_->ListContent(*std::exchange(targets_, std::nullopt), kMostListed, context);
    if (listed.ok()) listing_ = std::make_shared<const ContentListing>(*std::move(listed));
  }
  return listing_;
}

absl::StatusOr<bool> ContentReader::IsThere(const image::Digest& digest, const CallContext& context) {
  const auto listing = Listing(context);
  if (listing != nullptr && listing->Has(digest)) return true;
  const auto info = Info(digest, context);
  if (!info.ok()) return info.status();
  return info->has_value();
}

absl::StatusOr<std::optional<ContentInfo>> ContentReader::Info(const image::Digest& digest,
                                                               const CallContext& context) {
  std::promise<absl::StatusOr<std::optional<ContentInfo>>> promise;
  std::unique_lock lock(mutex_);
  const auto [asked, first] = infos_.try_emplace(digest, promise.get_future());
  const auto info = asked->second;
  lock.unlock();
  if (!first) return info.get();
  auto answer = client_->Info(digest, context);
  promise.set_value(answer);
  if (!answer.ok()) {
    lock.lock();
    infos_.erase(digest);
  }
  return answer;
}

}  // namespace tagdrift::node
