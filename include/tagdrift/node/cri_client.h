#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/call/call_context.h"

namespace tagdrift::node {

struct CriVersion {
  std::string runtime_name;
  std::string runtime_version;
  std::string api_version;
};

struct CriCondition {
  std::string type;
  bool status = false;
  std::string reason;
  std::string message;
};

struct CriStatus {
  std::vector<CriCondition> conditions;
  /// Verbose status; values are JSON text. `config` can hold registry secrets: never print it.
  std::map<std::string, std::string> info;
};

struct CriImage {
  std::string id;
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
  std::int64_t size_bytes = 0;
  bool pinned = false;
};

struct CriContainer {
  std::string id;
  std::string name;
  std::string sandbox_id;
  std::string image;                 ///< as given at creation; the kubelet gives the image id
  std::string user_specified_image;  ///< the pod spec's text, where the runtime keeps it (containerd 1.7 and later)
  std::string image_ref;             ///< image id
  std::string state;                 ///< "created", "running", "exited", "unknown"
  std::map<std::string, std::string> labels;
  std::string image_id = {};  ///< where the runtime tells it beside `image_ref` (containerd 2.0 and later)
  std::uint32_t attempt = 0;
  std::optional<absl::Time> created_at = {};
  std::map<std::string, std::string> annotations = {};
};

struct CriSandbox {
  std::string id;
  std::string pod_name;
  std::string pod_namespace;
  std::string pod_uid;
  std::string state = {};  ///< "ready", "not ready"
  std::uint32_t attempt = 0;
  std::optional<absl::Time> created_at = {};
  std::map<std::string, std::string> annotations = {};
};

struct CriFilesystem {
  std::string mountpoint;
  std::int64_t used_bytes = 0;
};

/// The Container Runtime Interface (runtime.v1), as far as it is used. Thread safe; each call ends at the context's
/// deadline, after the limit given to MakeClients, or at the stop request, as ContainerdClient's do. Errors are gRPC's
/// codes with "doing: what happened" and, where known, what to do.
class CriClient {
 public:
  virtual ~CriClient() = default;

  virtual absl::StatusOr<CriVersion> Version(const CallContext& context) = 0;
  virtual absl::StatusOr<CriStatus> Status(const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<CriImage>> ListImages(const CallContext& context) = 0;
  /// Nothing: the runtime does not know the name.
  virtual absl::StatusOr<std::optional<CriImage>> ImageStatus(const std::string& name, const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<CriContainer>> ListContainers(const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<CriSandbox>> ListPodSandbox(const CallContext& context) = 0;
  virtual absl::StatusOr<std::vector<CriFilesystem>> ImageFsInfo(const CallContext& context) = 0;
};

}  // namespace tagdrift::node
