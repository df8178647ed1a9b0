#include "scripted_image.h"

#include <sys/utsname.h>

#include <nlohmann/json.hpp>

#include "tagdrift/image/digest.h"

namespace tagdrift::cli {

using nlohmann::json;

ScriptedImage MakeScriptedImage(const std::string& text, const std::string& created) {
  utsname machine{};
  uname(&machine);
  ScriptedImage image;
  image.manifest_type = "application/vnd.oci.image.manifest.v1+json";
  const auto add = [&image](const std::string& bytes) {
    const std::string digest = image::Digest::OfBytes(bytes).text();
    image.blobs[digest] = bytes;
    return digest;
  };
  const auto descriptor = [&image](const std::string& type, const std::string& digest) {
    return json{{"mediaType", type}, {"digest", digest}, {"size", image.blobs.at(digest).size()}};
  };
  image.layer = add("layer of " + text);
  image.unpacked = image::Digest::OfBytes("unpacked " + text).text();
  image.id = add(json{{"created", created},
                      {"os", "linux"},
                      {"architecture", std::string(machine.machine) == "aarch64" ? "arm64" : "amd64"},
                      {"rootfs", {{"type", "layers"}, {"diff_ids", {image.unpacked}}}}}
                     .dump());
  image.digest = add(json{{"schemaVersion", 2},
                          {"mediaType", image.manifest_type},
                          {"config", descriptor("application/vnd.oci.image.config.v1+json", image.id)},
                          {"layers", json::array({descriptor("application/vnd.oci.image.layer.v1.tar", image.layer)})}}
                         .dump());
  return image;
}

}  // namespace tagdrift::cli
