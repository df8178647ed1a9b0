#include "sample_image.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {
namespace {

std::string DescriptorOf(std::string_view media_type, const image::Digest& digest, std::int64_t size) {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", media_type, digest.text(), size);
}

}  // namespace

image::Platform SamplePlatform() {
  utsname machine = {};
  ::uname(&machine);
  return image::HostPlatform(machine.machine, "");
}

SampleImage::SampleImage(const std::string& text, int created_year, std::int64_t layer_bytes)
    : layer("layer of " + text) {
  config = fmt::format(
      R"({{"os":"linux","architecture":"{}","created":"{}-03-01T00:00:00Z","rootfs":{{"type":"layers","diff_ids":["{}"]}}}})",
      SamplePlatform().architecture, created_year, image::Digest::OfBytes("unpacked " + text).text());
  manifest = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})", image::kOciManifest,
                         DescriptorOf("application/vnd.oci.image.config.v1+json", config_digest(),
                                      static_cast<std::int64_t>(config.size())),
                         DescriptorOf("application/vnd.oci.image.layer.v1.tar", layer_digest(), layer_bytes));
}

}  // namespace tagdrift::agent
