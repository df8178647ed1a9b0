#pragma once

#include <string>
#include <variant>

#include "tagdrift/image/digest.h"
#include "tagdrift/image/manifest.h"
#include "tagdrift/image/platform.h"

namespace tagdrift::image {

/// The manifest that containerd on a platform uses of what a name points to.
struct PlatformManifest {
  Digest digest;
  Manifest manifest;
  /// False where the index entry that led here names no platform: containerd then refuses an image whose config is for
  /// another one (`Accepts`). True below an entry that names a platform, and where no index was on the way: such a
  /// manifest is taken for any platform.
  bool platform_checked = true;

  /// True unless containerd on `node` refuses this image for what its config says.
  bool Accepts(const Platform& node, const Platform& config) const;
};

/// `index` has no entry for the platform.
struct NoPlatformManifest {
  Digest index;
};

/// `index` lies below as many indexes as the walk follows.
struct NestedTooDeeply {
  Digest index;
};

/// From a tag's target through an index, and the indexes within it, to the manifest of one platform, as containerd's
/// images.Manifest does it on a node: at each level the one best entry and no other. containerd follows any number of
/// nested indexes; this follows `kIndexLimit`, since each may cost requests to a registry.
///
/// The caller gets the documents:
///
///     PlatformWalk walk(platform, target);
///     while (const Descriptor* wanted = walk.Next()) {
///       ... get the document; return where it is missing or not known yet ...
///       walk.Take(document);
///     }
///     // walk.end() tells what was found
class PlatformWalk {
 public:
  static constexpr int kIndexLimit = 8;

  /// Nothing (monostate) while a document is wanted.
  using End = std::variant<std::monostate, PlatformManifest, NoPlatformManifest, NestedTooDeeply>;

  /// `top` may lack media type and size.
  PlatformWalk(Platform node, Descriptor top);

  /// The document that is wanted next; null at the end. It stays valid until `Take`.
  const Descriptor* Next() const;

  /// `document` is what `Next` names.
  void Take(const Document& document);

  const End& end() const { return end_; }
  /// The manifest that was found; null where none was, or not yet.
  const PlatformManifest* manifest() const { return std::get_if<PlatformManifest>(&end_); }
  /// True once the first document has turned out to be an index.
  bool is_index() const { return indexes_ > 0; }
  /// The first document's own media type; empty until it was taken.
  const std::string& media_type() const { return media_type_; }

 private:
  Platform node_;
  Descriptor wanted_;
  std::string media_type_;
  bool platform_checked_ = true;
  int indexes_ = 0;
  End end_;
};

}  // namespace tagdrift::image
