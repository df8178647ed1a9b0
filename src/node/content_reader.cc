#include <utility>

#include "tagdrift/node/inventory.h"

namespace tagdrift::node {
namespace {

/// containerd's own limit for manifests; no config comes near it.
constexpr std::size_t kLargestDocument = 4393216;

/// The blob, or why there is none to be had. Errors: the store could not be asked.
absl::StatusOr<std::variant<std::string, facts::NotThere>> ReadBlob(ContainerdClient* client,
                                                                    const image::Digest& digest) {
  if (client == nullptr) return absl::FailedPreconditionError("reading content: no access to the content store");
  absl::StatusOr<std::string> bytes = client->Read(digest, kLargestDocument);
  if (bytes.ok()) return *std::move(bytes);
  if (absl::IsNotFound(bytes.status())) return facts::NotThere{digest.text() + " is not in the content store"};
  if (absl::IsResourceExhausted(bytes.status())) {
    return facts::NotThere{digest.text() + " is larger than " + std::to_string(kLargestDocument) + " bytes"};
  }
  return bytes.status();
}

/// `parse` applied to the blob; what it refuses is NotThere with its reason.
template <typename Parse>
absl::StatusOr<facts::Content> ReadAndParse(ContainerdClient* client, const image::Digest& digest, Parse parse) {
  auto blob = ReadBlob(client, digest);
  if (!blob.ok()) return blob.status();
  if (auto* missing = std::get_if<facts::NotThere>(&*blob)) return std::move(*missing);
  auto parsed = parse(std::get<std::string>(*blob));
  if (!parsed.ok()) return facts::NotThere{digest.text() + ": " + std::string(parsed.status().message())};
  return *std::move(parsed);
}

/// containerd goes by the descriptor's media type, whatever the document says of itself.
facts::Content AsDescribed(const facts::Content& content, const image::Digest& digest, const std::string& media_type) {
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
absl::StatusOr<facts::Content> Once(std::mutex& mutex, Readings& readings, const image::Digest& digest, Read read) {
  std::promise<absl::StatusOr<facts::Content>> promise;
  std::unique_lock lock(mutex);
  const auto [found, first] = readings.try_emplace(digest, promise.get_future());
  const auto reading = found->second;
  lock.unlock();
  if (!first) return reading.get();
  absl::StatusOr<facts::Content> content = read();
  promise.set_value(content);
  if (!content.ok()) {
    lock.lock();
    readings.erase(digest);
  }
  return content;
}

}  // namespace

absl::StatusOr<facts::Content> ContentReader::Document(const image::Digest& digest, const std::string& media_type) {
  auto content = Once(mutex_, documents_, digest, [&] {
    return ReadAndParse(client_, digest, [](const std::string& bytes) { return image::ParseDocument(bytes, ""); });
  });
  if (!content.ok()) return content.status();
  return AsDescribed(*content, digest, media_type);
}

absl::StatusOr<facts::Content> ContentReader::Config(const image::Digest& digest) {
  return Once(mutex_, configs_, digest, [&] {
    return ReadAndParse(client_, digest, [](const std::string& bytes) { return image::ParseImageConfig(bytes); });
  });
}

absl::StatusOr<std::optional<std::map<std::string, std::string>>> ContentReader::Labels(const image::Digest& digest) {
  if (client_ == nullptr) return absl::FailedPreconditionError("reading labels: no access to the content store");
  auto info = client_->Info(digest);
  if (!info.ok()) return info.status();
  if (!info->has_value()) return std::nullopt;
  return std::move((*info)->labels);
}

}  // namespace tagdrift::node
