#include "fake_containerd.h"

#include <utility>

namespace tagdrift::node {

absl::StatusOr<std::vector<ImageRecord>> FakeContainerd::ListImages() {
  if (!error.ok()) return error;
  return records;
}

absl::StatusOr<std::optional<ImageRecord>> FakeContainerd::GetImage(const std::string& name) {
  if (!error.ok()) return error;
  for (const ImageRecord& record : records) {
    if (record.name == name) return record;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<ContentInfo>> FakeContainerd::Info(const image::Digest& digest) {
  const std::lock_guard lock(mutex_);
  if (!error.ok()) return error;
  const auto found = blobs.find(digest);
  if (found == blobs.end()) return std::nullopt;
  return ContentInfo{static_cast<std::int64_t>(found->second.size()), labels_of[digest]};
}

absl::StatusOr<std::string> FakeContainerd::Read(const image::Digest& digest, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  if (!error.ok()) return error;
  ++reads[digest];
  const auto found = blobs.find(digest);
  if (found == blobs.end()) return absl::NotFoundError("reading " + digest.Short() + ": not found");
  if (found->second.size() > limit) return absl::ResourceExhaustedError("reading " + digest.Short() + ": too large");
  return found->second;
}

image::Digest FakeContainerd::Add(const std::string& bytes, std::map<std::string, std::string> labels) {
  image::Digest digest = image::Digest::OfBytes(bytes);
  blobs[digest] = bytes;
  labels_of[digest] = std::move(labels);
  return digest;
}

}  // namespace tagdrift::node
