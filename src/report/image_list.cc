#include <map>
#include <string>

#include "cached_image.h"
#include "messages.h"
#include "tagdrift/report/printable.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {

v1::ImageList ToMessage(const facts::Node& node, absl::Time read_at) {
  v1::ImageList message;
  message.set_node(node.name);
  *message.mutable_read_at() = Timestamp(read_at);
  message.mutable_runtime()->set_name(node.runtime.name);
  message.mutable_runtime()->set_version(node.runtime.version);
  message.mutable_runtime()->set_image_store(node.runtime.has_image_store);
  std::map<std::string, std::int64_t> sizes;
  for (const facts::CachedImage& image : node.images) {
    v1::CachedImage& cached = *message.add_images();
    SetCachedImage(image, cached);
    sizes.emplace(cached.image_id().empty() ? cached.cached_digest() : cached.image_id(), cached.size_bytes());
  }
  std::int64_t sum = 0;
  for (const auto& [id, size] : sizes) sum += size;
  message.set_size_bytes(sum);
  for (const std::string& note : node.notes) {
    *message.add_findings() = NoteMessage({hosts::NoteKind::kUnreadable, "", 0, note});
  }
  MakePrintable(message);
  return message;
}

}  // namespace tagdrift::report
