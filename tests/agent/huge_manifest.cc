#include "huge_manifest.h"

#include <fmt/format.h>

#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {

std::string HugeManifest(const std::string& text, std::size_t layers) {
  const std::string digest = image::Digest::OfBytes(text).text();
  const std::string blob = fmt::format(R"({{"mediaType":"a","digest":"{}","size":1}})", digest);
  std::string manifest =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{})", image::kOciManifest, blob, blob);
  for (std::size_t i = 1; i < layers; ++i) manifest += "," + blob;
  return manifest + "]}";
}

}  // namespace tagdrift::agent
