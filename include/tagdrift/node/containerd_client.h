#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/node/content_listing.h"

namespace tagdrift::node {

/// One record of containerd's image store.
struct ImageRecord {
  std::string name;
  std::string target_digest;  ///< as stored
  std::string target_media_type;
  std::int64_t target_size = 0;
  std::map<std::string, std::string> labels;
  std::optional<absl::Time> created_at;
  std::optional<absl::Time> updated_at;
};

/// One blob of containerd's content store.
struct ContentInfo {
  std::int64_t size = 0;
  std::map<std::string, std::string> labels;
};

/// One record of containerd's container store.
struct ContainerRecord {
  std::string id;
  std::string image;  ///< name of the image's record that it was made from
};

/// containerd's own services in namespace `k8s.io`, as far as they are used. Thread safe. Each call ends at the
/// context's deadline or after the limit given to MakeClients, whichever comes first (DeadlineExceeded, with the time
/// that was waited), and at once at its stop request (Cancelled, "doing: stopped"; nothing else is answered as
/// Cancelled). Errors are gRPC's codes with "doing: what happened".
class ContainerdClient {
 public:
  virtual ~ContainerdClient() = default;

  virtual absl::StatusOr<std::string> Version(const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<ImageRecord>> ListImages(const CallContext& context) = 0;
  /// Nothing: no record of that name.
  virtual absl::StatusOr<std::optional<ImageRecord>> GetImage(const std::string& name, const CallContext& context) = 0;
  /// Containers of pods, without the pods' sandboxes.
  virtual absl::StatusOr<std::vector<ContainerRecord>> ListContainers(const CallContext& context) = 0;
  /// Nothing: the blob is not in the store.
  virtual absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest, const CallContext& context) = 0;
  /// All blobs, with the labels of those that are in `labelled`. Errors: ResourceExhausted above `limit` blobs.
  virtual absl::StatusOr<ContentListing> ListContent(const std::vector<image::Digest>& labelled, std::size_t limit,
                                                     const CallContext& context) = 0;
  /// The whole blob. Errors: NotFound; ResourceExhausted above `limit` bytes.
  virtual absl::StatusOr<std::string> Read(const image::Digest& digest, std::size_t limit,
                                           const CallContext& context) = 0;

  using NextBlob = std::function<std::optional<image::Digest>()>;
  using OnBlob = std::function<void(const image::Digest& digest, absl::StatusOr<std::string> bytes)>;
  /// Reads the blobs that `next` names and hands each to `on_read`, in any order, with what Read would answer. Both are
  /// called by this thread. `next` is asked again whenever there is room for one more, so after each `on_read`; where
  /// it names nothing while nothing is being read, this returns. Once the context has ended, what `next` still names
  /// fails at once.
  virtual void ReadMany(const NextBlob& next, const OnBlob& on_read, std::size_t limit, const CallContext& context);
};

}  // namespace tagdrift::node
