#pragma once

#include <optional>
#include <string>

#include "tagdrift/image/digest.h"

namespace tagdrift::judge {

/// An image id, with which some runtimes leave the algorithm out; nothing for anything else.
inline std::optional<image::Digest> ImageIdFrom(const std::string& text) {
  auto id = image::Digest::Parse(text);
  if (!id.ok()) id = image::Digest::Parse("sha256:" + text);
  return id.ok() ? std::optional(*std::move(id)) : std::nullopt;
}

}  // namespace tagdrift::judge
