#include "fake_cri.h"

#include <algorithm>
#include <string_view>

namespace tagdrift::node {
namespace {

std::string_view Bare(std::string_view id) {
  constexpr std::string_view kAlgorithm = "sha256:";
  return id.starts_with(kAlgorithm) ? id.substr(kAlgorithm.size()) : id;
}

}  // namespace

template <typename Value>
absl::StatusOr<Value> FakeCri::Answer(const std::string& doing, const CallContext& context, const Value& value,
                                      const absl::Status& error) {
  if (absl::Status began = calls->Begin(doing, context); !began.ok()) return began;
  const std::lock_guard lock(*mutex);
  if (!error.ok()) return error;
  return value;
}

absl::StatusOr<CriVersion> FakeCri::Version(const CallContext& context) {
  return Answer("asking the runtime for its version", context, version, absl::OkStatus());
}

absl::StatusOr<CriStatus> FakeCri::Status(const CallContext& context) {
  return Answer("asking the runtime for its status", context, status, absl::OkStatus());
}

absl::StatusOr<std::vector<CriImage>> FakeCri::ListImages(const CallContext& context) {
  return Answer("listing the runtime's images", context, images, images_error);
}

absl::StatusOr<std::optional<CriImage>> FakeCri::ImageStatus(const std::string& name, const CallContext& context) {
  const auto all = Answer("asking the runtime for " + name, context, images, images_error);
  if (!all.ok()) return all.status();
  for (const CriImage& image : *all) {
    for (const auto* names : {&image.repo_tags, &image.repo_digests}) {
      if (std::find(names->begin(), names->end(), name) != names->end()) return image;
    }
  }
  for (const CriImage& image : *all) {
    if (Bare(image.id).starts_with(Bare(name))) return image;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<CriContainer>> FakeCri::ListContainers(const CallContext& context) {
  {
    const std::lock_guard lock(*mutex);
    ++container_lists;
  }
  return Answer("listing containers", context, containers, containers_error);
}

absl::StatusOr<std::vector<CriSandbox>> FakeCri::ListPodSandbox(const CallContext& context) {
  auto listed = Answer("listing pod sandboxes", context, sandboxes, absl::OkStatus());
  std::unique_lock lock(*mutex);
  const std::function<void()> after = after_sandboxes;
  lock.unlock();
  after();
  return listed;
}

absl::StatusOr<std::vector<CriFilesystem>> FakeCri::ImageFsInfo(const CallContext& context) {
  return Answer("asking for the image file system", context, filesystems, absl::OkStatus());
}

}  // namespace tagdrift::node
