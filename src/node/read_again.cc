#include <algorithm>
#include <utility>

#include "names.h"
#include "record.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::node {
namespace {

/// A status is also given for the first digits of an id; only one that lists the name is the name's.
bool Lists(const CriImage& image, const image::Reference& reference) {
  const std::string key = KeyOf(reference);
  const auto same = [&](const std::string& text) {
    const Name name = ReadName(text);
    return name.reference && KeyOf(*name.reference) == key;
  };
  return std::any_of(image.repo_tags.begin(), image.repo_tags.end(), same) ||
         std::any_of(image.repo_digests.begin(), image.repo_digests.end(), same);
}

}  // namespace

absl::StatusOr<std::optional<facts::CachedImage>> ReadAgain(CriClient& cri, ContainerdClient* containerd,
                                                            const facts::CachedImage& image,
                                                            const CallContext& context) {
  const std::string name = image.reference.Canonical();
  std::optional<ImageRecord> record;
  if (containerd != nullptr) {
    auto read = containerd->GetImage(name, context);
    if (!read.ok()) return read.status();
    record = *std::move(read);
  }
  auto status = cri.ImageStatus(name, context);
  if (!status.ok()) return status.status();
  const bool known = status->has_value() && Lists(**status, image.reference);
  if (!record && !known) return std::nullopt;

  facts::CachedImage now = image;
  now.cri_image_id.reset();
  now.target.reset();
  now.candidates.clear();
  now.pinned = known && (*status)->pinned;
  if (record) TakeRecord(*record, now);
  if (known) {
    now.cri_image_id = (*status)->id;
    now.size_bytes = (*status)->size_bytes;
    if (containerd == nullptr) {
      Pairing pairing = PairByLists(**status, image.reference);
      now.target = pairing.target;
      now.candidates = std::move(pairing.candidates);
    }
  }
  if (now.target != image.target) now.ForgetContent();
  return now;
}

}  // namespace tagdrift::node
