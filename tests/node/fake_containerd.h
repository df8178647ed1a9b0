#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fake_calls.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// containerd's stores in memory. Calls may come from several threads; the fields are for one thread, or under `mutex`.
class FakeContainerd final : public ContainerdClient {
 public:
  absl::StatusOr<std::string> Version(const CallContext& context) override;
  absl::StatusOr<std::vector<ImageRecord>> ListImages(const CallContext& context) override;
  absl::StatusOr<std::optional<ImageRecord>> GetImage(const std::string& name, const CallContext& context) override;
  absl::StatusOr<std::vector<ContainerRecord>> ListContainers(const CallContext& context) override;
  absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest, const CallContext& context) override;
  absl::StatusOr<ContentListing> ListContent(const std::vector<image::Digest>& labelled, std::size_t limit,
                                             const CallContext& context) override;
  absl::StatusOr<std::string> Read(const image::Digest& digest, std::size_t limit, const CallContext& context) override;

  /// Takes up to `reads_at_a_time` from `next`, and answers the latest first.
  void ReadMany(const NextBlob& next, const OnBlob& on_read, std::size_t limit, const CallContext& context) override;

  /// Puts `bytes` into the content store.
  image::Digest Add(const std::string& bytes, std::map<std::string, std::string> labels = {});

  std::vector<ImageRecord> records;
  std::vector<ContainerRecord> containers;
  absl::Status containers_error;
  int container_lists = 0;
  std::map<image::Digest, std::string> blobs;
  std::map<image::Digest, std::map<std::string, std::string>> labels_of;
  std::map<image::Digest, int> reads;
  std::map<image::Digest, int> infos;
  std::size_t reads_at_a_time = 4;
  absl::Status content_list_error;
  int content_lists = 0;
  std::map<image::Digest, absl::Status> errors_of;  ///< of what asks for the digest
  absl::Status error;                               ///< of every call
  /// May be shared with the other fakes of a node.
  std::shared_ptr<std::recursive_mutex> mutex = std::make_shared<std::recursive_mutex>();
  std::shared_ptr<FakeCalls> calls = std::make_shared<FakeCalls>();

 private:
  /// What the call fails with, if it does.
  absl::Status Failure(const image::Digest& digest) const;
};

}  // namespace tagdrift::node
