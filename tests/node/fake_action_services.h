#pragma once

#include <grpcpp/server.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "containerd/services/images/v1/images.pb.h"
#include "containerd/services/leases/v1/leases.pb.h"
#include "containerd/types/event.pb.h"
#include "node/connection.h"
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

  std::shared_ptr<Connection> connection() const;
  std::unique_ptr<ContainerdActions> Containerd() const;
  std::unique_ptr<CriActions> Cri() const;
  /// What watchers get to see.
  void Emit(const std::string& topic, const std::string& name);
  /// An event whose content is none.
  void EmitUnreadable(const std::string& topic);
  /// Waits until somebody has published a mark after this was called.
  void AwaitMark();
  void AwaitNoSubscriber();
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
  std::atomic<bool> loses_marks = false;  ///< what clients publish reaches nobody
  bool pull_hangs = false;                ///< until it is cancelled
  bool synced = false;                    ///< a lease was deleted with sync
  bool collects_at_once = false;          ///< a lease is gone as soon as it is made, as an expired one may be

 private:
  void EmitBytes(const std::string& topic, const std::string& bytes);

  class Images;
  class Leases;
  class Snapshots;
  class Events;
  class Content;
  class ImageService;

  TemporaryFolder folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<containerd::types::Envelope> emitted_;
  int marks_ = 0;
  int subscribers_ = 0;
  bool ended_ = false;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tagdrift::node
