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

/// Sees every change of the image store from its making on. One thread uses it.
class ImageWatch {
 public:
  virtual ~ImageWatch() = default;

  /// Waits until all that happened before this call has been seen. Errors: Unavailable (containerd is gone),
  /// DeadlineExceeded: changes may have been missed then.
  virtual absl::Status CatchUp() = 0;
  /// All changes of `name` seen so far, oldest first.
  virtual std::vector<ImageEvent> ChangesOf(const std::string& name) const = 0;
};

/// containerd's own services in namespace `k8s.io`, as far as they change the node or are needed while doing so. Thread
/// safe; each call returns within the timeout given at Connect. Errors are gRPC's codes with "doing: what happened".
class ContainerdActions {
 public:
  virtual ~ContainerdActions() = default;

  /// Points the existing name `name` to the target of `target`; labels stay. Unconditional: containerd's last writer
  /// wins. Errors: NotFound where the name does not exist.
  virtual absl::Status PointTo(const std::string& name, const ImageRecord& target) = 0;
  /// False: there was no such name, or (containerd 2.0 and later) it did not point to `target`.
  virtual absl::StatusOr<bool> DeleteName(const std::string& name, const image::Digest& target) = 0;

  /// Errors: AlreadyExists, atomically.
  virtual absl::Status CreateLease(const Lease& lease) = 0;
  /// Deleting what is gone is fine.
  virtual absl::Status DeleteLease(const std::string& id) = 0;
  virtual absl::StatusOr<std::vector<Lease>> LeasesLabelled(const std::string& label, const std::string& value) = 0;
  /// Has all that nothing refers to removed now, where containerd would leave it until it has more of it.
  virtual absl::Status CollectGarbage() = 0;
  /// Keeps the blob, and all that it refers to, for as long as the lease lives.
  virtual absl::Status HoldContent(const std::string& lease, const image::Digest& digest) = 0;

  /// True if a committed snapshot of that key exists.
  virtual absl::StatusOr<bool> HasSnapshot(const std::string& snapshotter, const std::string& key) = 0;
  virtual absl::StatusOr<std::vector<Ingest>> Ingests() = 0;
  /// Sees from when this returns on. Errors: no watch could be had.
  virtual absl::StatusOr<std::unique_ptr<ImageWatch>> WatchImages() = 0;
};

}  // namespace tagdrift::node
