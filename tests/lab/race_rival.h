#pragma once

#include <string>
#include <vector>

#include "lab.h"
#include "moved_tags.h"

namespace tagdrift::lab {

/// What another client of containerd may do to a tag and its images.
enum class Change {
  kPullOld,
  kPullOther,
  kPullNew,
  kRetag,
  kRemoveTag,
  kRemoveNewImage,
  kRemoveNewNames,
  kRemoveOldImage,
  kTagSibling,
};

struct Rival {
  Change change;
  const char* name;
};

/// Those that matter to an action that moves a tag to the new image, or to one that removes a tag of the new image.
std::vector<Rival> RivalsOf(bool moves);

/// Makes such changes: by the CRI as the kubelet, or by `ctr`.
class OtherClient {
 public:
  OtherClient(Lab& lab, MovedTags& tags) : lab_(lab), tags_(tags) {}

  /// Brings the image that it re-tags to. To be called first, and again when the node was emptied.
  void Prepare();
  void Make(Change change, const MovedTag& tag);

  /// Neither old nor new.
  const Artifact& image() const { return image_; }
  /// What kTagSibling adds.
  static std::string Sibling(const MovedTag& tag) { return tag.reference + "-sibling"; }

 private:
  void Pull(const MovedTag& tag);
  void Remove(const Artifact& image);

  Lab& lab_;
  MovedTags& tags_;
  std::string name_;
  Artifact image_;
};

}  // namespace tagdrift::lab
