#include "record.h"

namespace tagdrift::node {

void TakeRecord(const ImageRecord& record, facts::CachedImage& image) {
  const absl::StatusOr<image::Digest> target = image::Digest::Parse(record.target_digest);
  image.target = target.ok() ? std::optional(*target) : std::nullopt;
  image.candidates.clear();
  image.media_type = record.target_media_type;
  image.created_at = record.created_at;
  image.updated_at = record.updated_at;
  image.pinned = image.pinned || record.labels.contains("io.cri-containerd.pinned");
}

}  // namespace tagdrift::node
