#pragma once

#include <map>
#include <string>

#include "tagdrift/image/digest.h"

namespace tagdrift::soak {

/// A manifest with its config. Of as many layers as large images have, so that what is remembered of it counts.
struct ChangingImage {
  image::Digest digest;
  image::Digest config;
  std::map<image::Digest, std::string> blobs;
};

/// Equal texts give equal images. `created` as in "2024-01-01T00:00:00Z".
ChangingImage MakeImage(const std::string& text, const std::string& created);

}  // namespace tagdrift::soak
