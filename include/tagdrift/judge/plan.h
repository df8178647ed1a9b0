#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/image/digest.h"
#include "tagdrift/image/manifest.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/remedies.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_result.h"

/// From facts to what an action would do, and why it may not. Pure.
namespace tagdrift::judge {

enum class ActionKind { kRefresh, kPrePull, kEvict };

enum class StepKind {
  kPull,         ///< by digest through the CRI, which walks past hosts that do not have it
  kHold,         ///< a lease on the new and the old content
  kRepoint,      ///< the tag's record, its target only, after a last look that it is still what it was
  kVerify,       ///< the node is read again
  kDeleteName,   ///< one record of the image store
  kRemoveImage,  ///< through the CRI, with every name that the image has left
};

enum class RefusalKind {
  kNoImageStore,    ///< containerd's own image store cannot be reached
  kByDigest,        ///< the action is about tags
  kNotCached,       ///< no such tag on this node
  kLocal,           ///< built, imported or retagged here
  kGone,            ///< the registry has no such tag any more
  kOriginUnknown,   ///< the origin's digest is not known, or not to be trusted
  kGoingBack,       ///< the origin's image was built earlier: `--to` or `--allow-older` has to say that it is wanted
  kWrongPlatform,   ///< no image for this node under that digest
  kNotDeliverable,  ///< not complete here, and no host that containerd asks has it
  kPrivateImage,    ///< brought with credentials, every pod of the node could use it
  kDiskTooFull,
  kInUse,            ///< a container of any state asked for the name, or may have
  kPinned,           ///< the runtime is told never to remove it
  kSandboxImage,     ///< every pod needs it
  kProtected,        ///< the operator's patterns
  kPullNotProven,    ///< nothing proves that the next pull brings the origin's digest
  kBusy,             ///< another action works on the tag
  kNoSuchDigest,     ///< a digest's first digits that begin none of the known ones, or several
  kNotOfRepository,  ///< complete here, but as content of another repository
  kNoAudit,          ///< the audit cannot be written
};

/// True where `--force` overrides it.
bool CanBeForced(RefusalKind kind);

struct Refusal {
  RefusalKind kind;
  std::string detail;  ///< the evidence in one sentence, without a full stop

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Whether the next pull would leave the tag as the action makes it.
enum class Durable { kYes, kNo, kUnknown };

/// What a host said of a digest.
struct Delivery {
  std::size_t host = 0;  ///< index into Route::hosts
  bool has_it = false;
  hosts::Answer answer;
};

/// What is known of the content that an action would bring or point to.
struct WantedImage {
  image::Digest digest;
  std::string media_type;            ///< of the document, empty where it could not be read
  std::optional<std::int64_t> size;  ///< bytes of the document
  bool is_index = false;
  std::optional<image::Digest> manifest;    ///< nothing: it could not be read, or has no image for this node
  std::optional<image::Digest> config;      ///< the image id
  std::optional<image::Platform> platform;  ///< as the config says
  std::string unreadable;                   ///< why document or config could not be read; empty: they could
  std::string incomplete;                   ///< what is missing on this node; empty: nothing
  bool has_digest_name = false;             ///< "repository@digest" is in the image store and points there
  /// Proven to be of the reference's repository: by that name, or by the source label of the blob.
  bool is_of_repository = false;
  std::vector<image::Descriptor> missing;  ///< blobs that are not here, as far as they are known
  std::int64_t bytes_to_come = 0;          ///< of these
  std::int64_t layer_bytes = 0;            ///< compressed, of layers that are not here
  std::vector<Delivery> deliveries;        ///< containerd's hosts in its order, as far as asked
};

/// The file system that images are on.
struct Disk {
  std::string path;
  std::optional<std::int64_t> capacity;   ///< bytes; nothing: `unknown` says why
  std::optional<std::int64_t> available;  ///< bytes
  std::string unknown;
  int threshold_percent = 85;  ///< the kubelet begins to remove images above it
};

/// What the operator said.
struct ActionOptions {
  std::optional<image::Digest> to;
  std::string to_prefix;     ///< instead of `to`, of a digest that is known (ActionFacts::known_digests)
  bool allow_older = false;  ///< go back where the origin did
  bool allow_private = false;
  bool force = false;
  bool free = false;
  std::vector<std::string> protected_by;  ///< patterns that match the reference

  /// True where the operator said which digest is wanted.
  bool names_digest() const { return to || !to_prefix.empty(); }
};

/// Everything an action is planned from.
struct ActionFacts {
  image::Reference reference;
  bool has_image_store = true;
  /// Nothing: the node has no such name.
  std::optional<facts::CachedImage> cached;
  TagResult result;
  const Route* route = nullptr;
  image::Platform platform;
  std::optional<WantedImage> wanted;
  /// What names of the repository point to here, and what its hosts name for the tag.
  std::set<image::Digest> known_digests;
  Disk disk;
  std::string sandbox_image;             ///< canonical reference; empty where it is not known
  std::vector<std::string> siblings;     ///< other names of the image store with the same target
  std::vector<std::string> image_names;  ///< every name that goes with the image id, without the reference
  std::vector<std::string> other_tags;   ///< of these, tags
  int image_holders = 0;                 ///< containers of any state that hold the image id
};

struct Step {
  StepKind kind;
  std::string subject;  ///< the name or image id that it acts on

  friend bool operator==(const Step&, const Step&) = default;
};

struct Plan {
  ActionKind action = ActionKind::kRefresh;
  image::Reference reference;
  /// What the tag points to now: the precondition of everything that follows.
  std::optional<image::Digest> from;
  std::optional<image::Digest> to;
  std::optional<std::string> image_id;  ///< that `to` leads to
  bool nothing_to_do = false;
  std::vector<Refusal> refusals;
  std::vector<Refusal> overridden;  ///< by --force
  std::vector<Step> steps;
  /// Of the image that the origin's is going to replace; nothing: the same image, or none that could be used, or `--to`
  /// said what is wanted.
  std::optional<Age> age;
  std::optional<std::size_t> deliverer;  ///< index into Route::hosts
  bool needs_credentials = false;
  std::int64_t bytes_to_come = 0;
  std::int64_t bytes_to_go = 0;
  std::vector<std::string> names_stay;
  std::vector<std::string> names_go;
  std::string kept_because;  ///< --free: why the image stays nevertheless
  Durable durable = Durable::kUnknown;
  std::optional<image::Digest> next_pull;     ///< what the next pull would bring
  std::optional<std::size_t> next_pull_host;  ///< from where
  /// What comes before, so that it lasts: FIX_HOSTS_TOML or PURGE_MIRROR, where a mirror would undo it and one helps.
  std::optional<Remedy> first;
  std::vector<facts::ContainerUse> used_by;
  std::int64_t disk_bytes = 0;  ///< that it needs on the image file system, unpacked layers included
  std::string disk_note;        ///< why the disk was not checked

  bool Refused() const { return !refusals.empty(); }
};

/// `text` is a digest or the beginning of one. Errors: InvalidArgument for anything else.
absl::Status ReadTo(const std::string& text, ActionOptions& options);

/// The digest that the action is about; nothing where none is known, or a prefix does not tell which.
std::optional<image::Digest> WantedDigest(const ActionFacts& facts, const ActionOptions& options);

/// True where the wanted content has to be pulled: it is not complete here, or `--to` asks for what nothing on this
/// node proves to be of the repository, so that a host has to.
bool HasToBePulled(const ActionFacts& facts, const ActionOptions& options);

Plan PlanRefresh(const ActionFacts& facts, const ActionOptions& options);
Plan PlanPrePull(const ActionFacts& facts, const ActionOptions& options);
Plan PlanEvict(const ActionFacts& facts, const ActionOptions& options);

}  // namespace tagdrift::judge
