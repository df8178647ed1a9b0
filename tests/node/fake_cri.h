#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// A CRI that answers from its fields. A name's status is that of the first image listing it.
class FakeCri final : public CriClient {
 public:
  absl::StatusOr<CriVersion> Version() override { return version; }
  absl::StatusOr<CriStatus> Status() override { return CriStatus(); }
  absl::StatusOr<std::vector<CriImage>> ListImages() override;
  absl::StatusOr<std::optional<CriImage>> ImageStatus(const std::string& name) override;
  absl::StatusOr<std::vector<CriContainer>> ListContainers() override;
  absl::StatusOr<std::vector<CriSandbox>> ListPodSandbox() override { return sandboxes; }
  absl::StatusOr<std::vector<CriFilesystem>> ImageFsInfo() override { return std::vector<CriFilesystem>(); }

  CriVersion version = {"containerd", "1.6.20~ds1", "v1"};
  std::vector<CriImage> images;
  std::vector<CriContainer> containers;
  std::vector<CriSandbox> sandboxes;
  absl::Status images_error;
  absl::Status containers_error;
  int container_lists = 0;
};

}  // namespace tagdrift::node
