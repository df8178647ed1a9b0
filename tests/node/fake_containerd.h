#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// containerd's stores in memory. Reads may come from several threads.
class FakeContainerd final : public ContainerdClient {
 public:
  absl::StatusOr<std::string> Version() override { return "1.6.20~ds1"; }
  absl::StatusOr<std::vector<ImageRecord>> ListImages() override;
  absl::StatusOr<std::optional<ImageRecord>> GetImage(const std::string& name) override;
  absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest) override;
  absl::StatusOr<std::string> Read(const image::Digest& digest, std::size_t limit) override;

  /// Puts `bytes` into the content store.
  image::Digest Add(const std::string& bytes, std::map<std::string, std::string> labels = {});

  std::vector<ImageRecord> records;
  std::map<image::Digest, std::string> blobs;
  std::map<image::Digest, std::map<std::string, std::string>> labels_of;
  std::map<image::Digest, int> reads;
  absl::Status error;  ///< of every call

 private:
  std::mutex mutex_;
};

}  // namespace tagdrift::node
