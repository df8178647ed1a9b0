#pragma once

#include <grpcpp/server.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "containerd/services/images/v1/images.pb.h"
#include "containerd/services/leases/v1/leases.pb.h"
#include "runtime/v1/api.pb.h"
#include "tagdrift/node/containerd_actions.h"
#include "tagdrift/node/cri_actions.h"
#include "temporary_folder.h"

namespace tagdrift::node {

/// A real gRPC server on a unix socket with the services that actions call. Leases, events and names behave as
/// containerd's do.
class FakeActionServices {
 public:
  FakeActionServices();
  ~FakeActionServices();

  std::unique_ptr<ContainerdActions> Containerd() const;
  std::unique_ptr<CriActions> Cri() const;
  /// What watchers get to see.
  void Emit(const std::string& topic, const std::string& name);
  /// Ends the event streams and takes no new ones.
  void EndEvents();

  std::map<std::string, containerd::services::images::v1::Image> images;
  std::map<std::string, containerd::services::leases::v1::Lease> leases;
  std::map<std::string, std::vector<std::string>> held;  ///< by lease, "TYPE ID"
  std::map<std::string, int> snapshots;                  ///< kind by "SNAPSHOTTER KEY"
  std::optional<containerd::services::images::v1::UpdateImageRequest> last_update;
  std::optional<containerd::services::images::v1::DeleteImageRequest> last_delete;
  std::optional<runtime::v1::PullImageRequest> last_pull;
  std::string last_removed;
  bool pull_hangs = false;  ///< until it is cancelled
  bool synced = false;      ///< a lease was deleted with sync

 private:
  class Images;
  class Leases;
  class Snapshots;
  class Events;
  class Content;
  class ImageService;

  TemporaryFolder folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, std::string>> emitted_;  ///< topic, name
  bool ended_ = false;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tagdrift::node
