#include <variant>

#include "messages.h"
#include "tagdrift/image/platform_walk.h"

namespace tagdrift::report {
namespace {

/// What was read of a blob, on the node or from a host; null where nothing was.
template <class T>
const T* Read(const judge::TagFacts& facts, const image::Digest& digest) {
  for (const auto* contents : {&facts.stored, &facts.fetched}) {
    const auto found = contents->find(digest);
    if (found == contents->end()) continue;
    if (const T* content = std::get_if<T>(&found->second)) return content;
  }
  return nullptr;
}

/// As a host called it that answered the tag with this digest.
std::string AnnouncedType(const judge::TagFacts& facts, const image::Digest& digest) {
  for (const auto& [ask, answer] : facts.answers) {
    const bool by_get = answer.get && answer.get->digest == digest;
    if (by_get && !answer.get->content_type.empty()) return answer.get->content_type;
    if (by_get || answer.digest_header == digest.text()) return answer.content_type;
  }
  return "";
}

void SetStored(const facts::CachedImage& image, v1::ImageContent& message) {
  message.set_media_type(image.media_type);
  if (!image.stored) return;
  if (image.stored->manifest) message.set_manifest(image.stored->manifest->text());
  if (image.stored->id) message.set_image_id(image.stored->id->text());
  if (image.stored->created) *message.mutable_created() = Timestamp(*image.stored->created);
}

}  // namespace

v1::ImageContent ImageMessage(const image::Digest& digest, const judge::TagFacts& facts,
                              const image::Platform& platform) {
  v1::ImageContent message;
  message.set_digest(digest.text());
  if (digest == facts.image.target) {
    SetStored(facts.image, message);
    return message;
  }
  image::PlatformWalk walk(platform, {.media_type = "", .digest = digest});
  while (const image::Descriptor* wanted = walk.Next()) {
    const auto* document = Read<image::Document>(facts, wanted->digest);
    if (document == nullptr) break;
    walk.Take(*document);
  }
  message.set_media_type(walk.media_type().empty() ? AnnouncedType(facts, digest) : walk.media_type());
  const image::PlatformManifest* found = walk.manifest();
  if (found == nullptr) return message;
  message.set_manifest(found->digest.text());
  const image::Digest& id = found->manifest.config.digest;
  message.set_image_id(id.text());
  const auto* config = Read<image::ImageConfig>(facts, id);
  if (config != nullptr && config->created) *message.mutable_created() = Timestamp(*config->created);
  return message;
}

}  // namespace tagdrift::report
