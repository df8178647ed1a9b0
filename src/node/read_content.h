#pragma once

#include <optional>

#include "absl/status/status.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/content.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/image/platform_walk.h"
#include "tagdrift/node/content_reader.h"

namespace tagdrift::node {

/// From an image's target to the config of the image that containerd on a platform uses of it. The caller gets the
/// blobs:
///
///     StoredWalk walk(platform, image);
///     while (const BlobQuery* wanted = walk.Next()) {
///       ... get the content; return where it cannot be had ...
///       walk.Take(content);
///     }
///     // walk.stored() tells what was found
class StoredWalk {
 public:
  /// `image` has a target.
  StoredWalk(const image::Platform& platform, const facts::CachedImage& image);

  /// The blob that is wanted next; null at the end. It stays valid until `Take`.
  const BlobQuery* Next() const { return wanted_ ? &*wanted_ : nullptr; }
  /// `content` is what `Next` names.
  void Take(const facts::Content& content);

  const facts::StoredImage& stored() const { return stored_; }

 private:
  void GoOn();
  void TakeConfig(const facts::Content& content);

  image::Platform platform_;
  image::Digest target_;
  image::PlatformWalk walk_;
  std::optional<BlobQuery> wanted_;
  facts::StoredImage stored_;
};

/// Sets what a walk found of `image`, which has a target, and where its content came from. Errors: the store could not
/// be asked; nothing is set then.
absl::Status SetContent(ContentReader& content, const facts::StoredImage& stored, facts::CachedImage& image,
                        const CallContext& context);

}  // namespace tagdrift::node
