#include "changing_image.h"

#include <nlohmann/json.hpp>

#include "tagdrift/image/manifest.h"
#include "tagdrift/image/platform.h"

namespace tagdrift::soak {

using nlohmann::json;

namespace {

// Many make a round of the soak large. Sanitized, where memory is not counted, they would only take most of its time.
#ifdef TAGDRIFT_SANITIZED
constexpr int kLayers = 4;
#else
constexpr int kLayers = 40;
#endif

json Descriptor(const std::string& type, const image::Digest& digest, std::size_t size) {
  return {{"mediaType", type}, {"digest", digest.text()}, {"size", size}};
}

}  // namespace

ChangingImage MakeImage(const std::string& text, const std::string& created) {
  json layers = json::array();
  json unpacked = json::array();
  for (int i = 0; i < kLayers; ++i) {
    const image::Digest layer = image::Digest::OfBytes(text + " layer " + std::to_string(i));
    layers.push_back(Descriptor("application/vnd.oci.image.layer.v1.tar", layer, 10));
    unpacked.push_back(layer.text());
  }
  const std::string config = json{{"created", created},
                                  {"os", "linux"},
                                  {"architecture", image::HostPlatform("x86_64", "").architecture},
                                  {"rootfs", {{"type", "layers"}, {"diff_ids", unpacked}}}}
                                 .dump();
  const image::Digest config_digest = image::Digest::OfBytes(config);
  const std::string manifest = json{
      {"schemaVersion", 2},
      {"mediaType", image::kOciManifest},
      {"config", Descriptor("application/vnd.oci.image.config.v1+json", config_digest, config.size())},
      {"layers", layers}}.dump();
  const image::Digest digest = image::Digest::OfBytes(manifest);
  return {digest, config_digest, {{digest, manifest}, {config_digest, config}}};
}

}  // namespace tagdrift::soak
