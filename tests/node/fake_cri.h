#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fake_calls.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// A CRI that answers from its fields. A name's status is that of the first image listing it, then of the first whose
/// id begins so, as containerd's. Calls may come from several threads; the fields are for one thread, or under `mutex`.
class FakeCri final : public CriClient {
 public:
  absl::StatusOr<CriVersion> Version(const CallContext& context) override;
  absl::StatusOr<CriStatus> Status(const CallContext& context) override;
  absl::StatusOr<std::vector<CriImage>> ListImages(const CallContext& context) override;
  absl::StatusOr<std::optional<CriImage>> ImageStatus(const std::string& name, const CallContext& context) override;
  absl::StatusOr<std::vector<CriContainer>> ListContainers(const CallContext& context) override;
  absl::StatusOr<std::vector<CriSandbox>> ListPodSandbox(const CallContext& context) override;
  absl::StatusOr<std::vector<CriFilesystem>> ImageFsInfo(const CallContext& context) override;

  CriVersion version = {"containerd", "1.6.20~ds1", "v1"};
  CriStatus status;
  std::vector<CriImage> images;
  std::vector<CriContainer> containers;
  std::vector<CriSandbox> sandboxes;
  std::vector<CriFilesystem> filesystems;
  absl::Status images_error;
  absl::Status containers_error;
  int container_lists = 0;
  std::function<void()> after_sandboxes = [] {};  ///< once they have been listed
  /// May be shared with the other fakes of a node.
  std::shared_ptr<std::recursive_mutex> mutex = std::make_shared<std::recursive_mutex>();
  std::shared_ptr<FakeCalls> calls = std::make_shared<FakeCalls>();

 private:
  /// `value` unless the call or `error` fails.
  template <typename Value>
  absl::StatusOr<Value> Answer(const std::string& doing, const CallContext& context, const Value& value,
                               const absl::Status& error);
};

}  // namespace tagdrift::node
