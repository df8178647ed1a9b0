#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// A lease: keeps what it holds from garbage collection, and, since creating one is atomic, serves as a lock.
struct Lease {
  std::string id;
  std::map<std::string, std::string> labels;
  absl::Time expires;  ///< label `containerd.io/gc.expire`; infinite where there is none
};

/// A blob that is being written.
struct Ingest {
  std::string ref;           ///< "layer-sha256:…"
  std::int64_t written = 0;  ///< bytes so far
};

struct ImageEvent {
  enum class Kind { kCreated, kUpdated, kDeleted };
  Kind kind = Kind::kUpdated;
  std::string name;
};

/// Sees every change of the image store from its making on, and says so when it could not. One thread uses it. It ends
/// with this object; the context of a call bounds that call alone.
class ImageWatch {
 public:
  virtual ~ImageWatch() = default;

  /// Waits until all that happened before this call has been seen. Errors, after which changes may have been missed:
  /// Unavailable (containerd ended the stream or is gone), DataLoss (an event could not be read), ResourceExhausted
  /// (more changes than are kept); these are final. DeadlineExceeded, Cancelled.
  virtual absl::Status CatchUp(const CallContext& context) = 0;
  /// All changes of `name` seen so far, oldest first. Complete only after a CatchUp that answered OK.
  virtual std::vector<ImageEvent> ChangesOf(const std::string& name) const = 0;
};

/// containerd's own services in namespace `k8s.io`, as far as they change the node or are needed while doing so. Thread
/// safe; calls are bounded as ContainerdClient's. Errors are gRPC's codes with "doing: what happened".
class ContainerdActions {
 public:
  virtual ~ContainerdActions() = default;

  /// Creates the name `record.name` with its target and labels. Errors: AlreadyExists, atomically.
  virtual absl::Status CreateName(const ImageRecord& record, const CallContext& context) = 0;
  /// Points the existing name `name` to the target of `target`; labels stay. Unconditional: containerd's last writer
  /// wins. Errors: NotFound where the name does not exist.
  virtual absl::Status PointTo(const std::string& name, const ImageRecord& target, const CallContext& context) = 0;
  /// False: there was no such name, or (containerd 2.0 and later) it did not point to `target`.
  virtual absl::StatusOr<bool> DeleteName(const std::string& name, const image::Digest& target,
                                          const CallContext& context) = 0;

  /// Errors: AlreadyExists, atomically.
  virtual absl::Status CreateLease(const Lease& lease, const CallContext& context) = 0;
  /// Deleting what is gone is fine.
  virtual absl::Status DeleteLease(const std::string& id, const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<Lease>> LeasesLabelled(const std::string& label, const std::string& value,
                                                            const CallContext& context) = 0;
  /// Has all that nothing refers to removed now, where containerd would leave it until it has more of it.
  virtual absl::Status CollectGarbage(const CallContext& context) = 0;
  /// Keeps the blob, and all that it refers to, for as long as the lease lives.
  virtual absl::Status HoldContent(const std::string& lease, const image::Digest& digest,
                                   const CallContext& context) = 0;

  /// True if a committed snapshot of that key exists.
  virtual absl::StatusOr<bool> HasSnapshot(const std::string& snapshotter, const std::string& key,
                                           const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<Ingest>> Ingests(const CallContext& context) = 0;
  /// Sees from when this returns on. Errors: no watch could be had.
  virtual absl::StatusOr<std::unique_ptr<ImageWatch>> WatchImages(const CallContext& context) = 0;
};

}  // namespace tagdrift::node
