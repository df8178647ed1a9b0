#pragma once

#include "messages.h"
#include "tagdrift/facts/node_facts.h"

namespace tagdrift::report {

/// What a TagReport and a CachedImage both say of a name, by fields of the same names.
template <typename Message>
void SetCachedImage(const facts::CachedImage& image, Message& message) {
  message.set_reference(image.reference.Canonical());
  if (image.target) message.set_cached_digest(image.target->text());
  if (image.cri_image_id) {
    message.set_image_id(*image.cri_image_id);
  } else if (image.stored && image.stored->id) {
    message.set_image_id(image.stored->id->text());
  }
  if (image.updated_at) *message.mutable_cached_since() = Timestamp(*image.updated_at);
  message.set_size_bytes(image.size_bytes);
  message.set_pinned(image.pinned);
  for (const facts::ContainerUse& use : image.used_by) *message.add_used_by() = UseMessage(use, message.image_id());
}

}  // namespace tagdrift::report
