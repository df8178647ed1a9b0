#include "fake_containerd.h"

#include <utility>

namespace tagdrift::node {

absl::StatusOr<std::string> FakeContainerd::Version(const CallContext& context) {
  if (absl::Status status = calls->Begin("asking containerd for its version", context); !status.ok()) return status;
  return "1.6.20~ds1";
}

absl::StatusOr<std::vector<ImageRecord>> FakeContainerd::ListImages(const CallContext& context) {
  if (absl::Status status = calls->Begin("listing containerd's image store", context); !status.ok()) return status;
  const std::lock_guard lock(*mutex);
  if (!error.ok()) return error;
  return records;
}

absl::StatusOr<std::optional<ImageRecord>> FakeContainerd::GetImage(const std::string& name,
                                                                    const CallContext& context) {
  if (absl::Status status = calls->Begin("asking containerd's image store for " + name, context); !status.ok()) {
    return status;
  }
  const std::lock_guard lock(*mutex);
  if (!error.ok()) return error;
  for (const ImageRecord& record : records) {
    if (record.name == name) return record;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<ContainerRecord>> FakeContainerd::ListContainers(const CallContext& context) {
  if (absl::Status status = calls->Begin("listing containerd's container store", context); !status.ok()) return status;
  const std::lock_guard lock(*mutex);
  ++container_lists;
  if (!error.ok()) return error;
  if (!containers_error.ok()) return containers_error;
  return containers;
}

absl::StatusOr<std::optional<ContentInfo>> FakeContainerd::Info(const image::Digest& digest,
                                                                const CallContext& context) {
  absl::Status status = calls->Begin("asking containerd's content store for " + digest.Short(), context);
  if (!status.ok()) return status;
  const std::lock_guard lock(*mutex);
  if (status = Failure(digest); !status.ok()) return status;
  ++infos[digest];
  const auto found = blobs.find(digest);
  if (found == blobs.end()) return std::nullopt;
  return ContentInfo{static_cast<std::int64_t>(found->second.size()), labels_of[digest]};
}

absl::StatusOr<ContentListing> FakeContainerd::ListContent(const std::vector<image::Digest>& labelled,
                                                           std::size_t limit, const CallContext& context) {
  absl::Status status = calls->Begin("listing containerd's content store", context);
  if (!status.ok()) return status;
  const std::lock_guard lock(*mutex);
  ++content_lists;
  if (!error.ok()) return error;
  if (!content_list_error.ok()) return content_list_error;
  if (blobs.size() > limit) return absl::ResourceExhaustedError("listing content: too much");
  ContentListing listing(labelled);
  for (const auto& [digest, bytes] : blobs) {
    if (auto* labels = listing.Add(digest.text())) *labels = labels_of[digest];
  }
  listing.Complete();
  return listing;
}

absl::StatusOr<std::string> FakeContainerd::Read(const image::Digest& digest, std::size_t limit,
                                                 const CallContext& context) {
  absl::Status status = calls->Begin("reading " + digest.Short() + " from containerd's content store", context);
  if (!status.ok()) return status;
  const std::lock_guard lock(*mutex);
  if (status = Failure(digest); !status.ok()) return status;
  ++reads[digest];
  const auto found = blobs.find(digest);
  if (found == blobs.end()) return absl::NotFoundError("reading " + digest.Short() + ": not found");
  if (found->second.size() > limit) return absl::ResourceExhaustedError("reading " + digest.Short() + ": too large");
  return found->second;
}

void FakeContainerd::ReadMany(const NextBlob& next, const OnBlob& on_read, std::size_t limit,
                              const CallContext& context) {
  std::vector<image::Digest> under_way;
  while (true) {
    while (under_way.size() < reads_at_a_time) {
      const std::optional<image::Digest> digest = next();
      if (!digest) break;
      under_way.push_back(*digest);
    }
    if (under_way.empty()) return;
    const image::Digest latest = under_way.back();
    under_way.pop_back();
    on_read(latest, Read(latest, limit, context));
  }
}

image::Digest FakeContainerd::Add(const std::string& bytes, std::map<std::string, std::string> labels) {
  const std::lock_guard lock(*mutex);
  image::Digest digest = image::Digest::OfBytes(bytes);
  blobs[digest] = bytes;
  labels_of[digest] = std::move(labels);
  return digest;
}

absl::Status FakeContainerd::Failure(const image::Digest& digest) const {
  const auto found = errors_of.find(digest);
  return found == errors_of.end() ? error : found->second;
}

}  // namespace tagdrift::node
