#include "fake_cri.h"

#include <algorithm>

namespace tagdrift::node {

absl::StatusOr<std::vector<CriImage>> FakeCri::ListImages() {
  if (!images_error.ok()) return images_error;
  return images;
}

absl::StatusOr<std::optional<CriImage>> FakeCri::ImageStatus(const std::string& name) {
  if (!images_error.ok()) return images_error;
  for (const CriImage& image : images) {
    for (const auto* names : {&image.repo_tags, &image.repo_digests}) {
      if (std::find(names->begin(), names->end(), name) != names->end()) return image;
    }
    if (image.id.starts_with(name)) return image;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<CriContainer>> FakeCri::ListContainers() {
  ++container_lists;
  if (!containers_error.ok()) return containers_error;
  return containers;
}

}  // namespace tagdrift::node
