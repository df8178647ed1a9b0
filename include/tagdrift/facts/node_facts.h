#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/facts/content.h"
#include "tagdrift/facts/pods.h"
#include "tagdrift/facts/pull_verification.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/image/reference.h"

/// What was seen on the node: plain values, no judgement.
namespace tagdrift::facts {

/// The container runtime as it introduces itself.
struct Runtime {
  std::string name;     ///< CRI runtime_name ("containerd", "cri-o")
  std::string version;  ///< CRI runtime_version, as given
  /// False where containerd's own image store could not be read (another runtime, no access); `store_error` says why.
  bool has_image_store = false;
  std::string store_error;
};

/// How a container came to be counted as a user of a tag.
enum class UseBasis {
  kRequested,  ///< the runtime knows that the container asked for this name
  kSameImage,  ///< the container runs this tag's image id and the asked name is not known
};

/// A container of any state, also one whose image is gone from the store.
struct Container {
  std::string id;
  std::string name;
  std::string sandbox_id;
  std::string pod_namespace;  ///< by the container's labels, else its sandbox; empty where neither says
  std::string pod_name;
  std::string pod_uid;
  std::string state;          ///< "created", "running", "exited", "unknown"
  std::uint32_t attempt = 0;  ///< how often the kubelet made this container of this pod before
  std::optional<absl::Time> created_at = {};
  std::string image = {};                 ///< as given at creation; the kubelet gives the image id
  std::string user_specified_image = {};  ///< the pod spec's text, where the runtime keeps it
  std::string image_ref = {};             ///< image id; another runtime may give a digest name
  std::string image_id = {};              ///< where the runtime tells it beside `image_ref`
  /// The name under which containerd recorded the image: of a container that was made by image id, the first in sorted
  /// order of the names that the image had then. Read where nothing above tells what was asked for.
  std::string recorded_image = {};
  /// Those of Kubernetes ("io.kubernetes.…"): io.kubernetes.container.restartCount and the like.
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> annotations = {};

  friend bool operator==(const Container&, const Container&) = default;
};

/// A pod's sandbox of any state.
struct Sandbox {
  std::string id;
  std::string pod_namespace;
  std::string pod_name;
  std::string pod_uid;
  std::string state;          ///< "ready", "not ready"
  std::uint32_t attempt = 0;  ///< how often the kubelet made a sandbox for this pod before
  std::optional<absl::Time> created_at = {};
  /// Those of Kubernetes ("io.kubernetes.…", "kubernetes.io/config.…": where a static pod comes from).
  std::map<std::string, std::string> annotations = {};

  friend bool operator==(const Sandbox&, const Sandbox&) = default;
};

/// A container as the user of a tag.
struct ContainerUse {
  std::string id;
  std::string name;
  std::string pod_namespace;  ///< empty where the container has no Kubernetes labels
  std::string pod_name;
  std::string pod_uid;
  std::string state;  ///< "created", "running", "exited", "unknown"
  UseBasis basis = UseBasis::kSameImage;
  std::string image_id = {};  ///< that it runs; empty where it is not known
  bool decides = true;        ///< false: of the past, or a passing one; listed only

  friend bool operator==(const ContainerUse&, const ContainerUse&) = default;
};

/// Where the content of a tag came from, by the `containerd.io/distribution.source.*` labels of its target blob.
enum class Provenance {
  kThisRepository,  ///< pulled from the registry and repository in its name
  kElsewhere,       ///< only from other repositories (`sources` names them): retagged
  kNowhere,         ///< no label: built or imported here
  kUnknown,         ///< no access to the label
};

/// The image that the content store yields for this node from a tag's target.
struct StoredImage {
  /// Config digest, which is the CRI's image id. Nothing: the content is incomplete, `missing` says what is not there.
  std::optional<image::Digest> id;
  std::optional<image::Digest> manifest;    ///< the platform's manifest; equals the target where the target is no index
  std::optional<image::Platform> platform;  ///< as the config blob says
  std::optional<absl::Time> created;
  std::string missing;    ///< e.g. "manifest sha256:94ca65e6caf0 is not in the content store"
  bool no_image = false;  ///< the target is here and is no manifest or index of any kind

  friend bool operator==(const StoredImage&, const StoredImage&) = default;
};

/// One name in the node's image store that has a tag, or a digest name that a container asked for.
struct CachedImage {
  image::Reference reference;
  /// What the name points to. Nothing where the CRI's lists do not say; `candidates` then holds what they allow.
  std::optional<image::Digest> target = {};
  std::vector<image::Digest> candidates = {};
  std::string media_type = {};
  std::optional<absl::Time> created_at = {};  ///< since when the name has been here
  std::optional<absl::Time> updated_at = {};  ///< when the name last moved here
  /// The image id to which the CRI resolves the name; nothing where the CRI does not know the name.
  std::optional<std::string> cri_image_id = {};
  /// Set where the content store could be read.
  std::optional<StoredImage> stored = {};
  /// Why `stored` is not set although the node has a content store: reading this image's content failed. Else empty.
  std::string unreadable = {};
  Provenance provenance = Provenance::kUnknown;
  std::vector<std::string> sources = {};  ///< "registry/repository" of the labels
  bool pinned = false;
  std::int64_t size_bytes = 0;             ///< as the CRI counts: compressed, one platform
  std::vector<ContainerUse> used_by = {};  ///< derived from Node::containers

  /// False for a name that was asked about although the node does not have it.
  bool IsCached() const { return target || cri_image_id || !candidates.empty(); }
  /// Whether a container goes by it: not all that list it do.
  bool IsUsed() const { return std::ranges::any_of(used_by, &ContainerUse::decides); }
  /// Back to what the node's lists say: `stored`, `unreadable`, `provenance` and `sources` are of its content.
  void ForgetContent() {
    stored.reset();
    unreadable.clear();
    provenance = Provenance::kUnknown;
    sources.clear();
  }

  friend bool operator==(const CachedImage&, const CachedImage&) = default;
};

/// Everything read from the node in one go.
struct Node {
  std::string name;
  Runtime runtime;
  image::Platform platform;
  std::vector<CachedImage> images;  ///< sorted by canonical reference
  /// Digest names of which no container asked: looked at only where an operator names one.
  std::vector<CachedImage> other_digests;
  /// All that the runtime lists, in its order. Empty where they were not asked for.
  std::vector<Container> containers = {};
  std::vector<Sandbox> sandboxes = {};
  Pods pods = {};
  PullVerification pull_verification = {};
  int digest_names = 0;            ///< of these, how many no tag points to
  int unnamed_images = 0;          ///< images with neither tag nor digest name
  std::vector<std::string> notes;  ///< for people: what could not be read and what follows from it
};

}  // namespace tagdrift::facts
