#include "race_rival.h"

#include "failure.h"

namespace tagdrift::lab {

std::vector<Rival> RivalsOf(bool moves) {
  if (moves) {
    return {{Change::kPullOld, "pulls the tag from the stale mirror"},
            {Change::kPullOther, "pulls another image under the tag"},
            {Change::kPullNew, "pulls the new image under the tag"},
            {Change::kRetag, "re-tags it"},
            {Change::kRemoveTag, "removes the tag"},
            {Change::kRemoveNewImage, "removes the new image by the CRI"},
            {Change::kRemoveNewNames, "removes the new image's names"},
            {Change::kRemoveOldImage, "removes the old image by the CRI"}};
  }
  return {{Change::kPullNew, "pulls the tag again"},
          {Change::kPullOther, "pulls another image under the tag"},
          {Change::kRetag, "re-tags it"},
          {Change::kRemoveTag, "removes the tag"},
          {Change::kRemoveNewImage, "removes the image by the CRI"},
          {Change::kTagSibling, "gives the image another tag"}};
}

void OtherClient::Prepare() {
  const MovedTag tag = tags_.Make("other");
  name_ = tag.reference;
  image_ = tag.old;
}

void OtherClient::Make(Change change, const MovedTag& tag) {
  switch (change) {
    case Change::kPullOld:
      return Pull(tag);
    case Change::kPullOther:
      tags_.mirror().Push(tag.tag(), image_);
      return Pull(tag);
    case Change::kPullNew:
      tags_.mirror().Push(tag.tag(), tag.now);
      return Pull(tag);
    case Change::kRetag:
      lab_.containerd().Ctr({"images", "tag", "--force", name_, tag.reference});
      return;
    case Change::kRemoveTag:
      lab_.containerd().Ctr({"images", "remove", tag.reference});
      return;
    case Change::kRemoveNewImage:
      return Remove(tag.now);
    case Change::kRemoveNewNames:
      lab_.containerd().Ctr({"images", "remove", "--sync", tag.At(tag.now), tag.now.image_id()});
      return;
    case Change::kRemoveOldImage:
      return Remove(tag.old);
    case Change::kTagSibling:
      if (lab_.containerd().Target(tag.reference).empty()) return;
      lab_.containerd().Ctr({"images", "tag", tag.reference, Sibling(tag)});
      return;
  }
}

void OtherClient::Pull(const MovedTag& tag) {
  const auto pulled = lab_.cri().Pull(tag.reference);
  if (!pulled.ok()) GiveUp("pulling " + tag.reference + ": " + std::string(pulled.status().message()));
}

void OtherClient::Remove(const Artifact& image) {
  const absl::Status removed = lab_.cri().Remove(image.image_id());
  if (!removed.ok()) GiveUp("removing an image: " + std::string(removed.message()));
}

}  // namespace tagdrift::lab
