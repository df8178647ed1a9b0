#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "tagdrift/image/manifest.h"

namespace tagdrift::facts {

/// Why a blob's content is not to be had.
struct NotThere {
  std::string detail;
  bool is_other = false;  ///< it is there, and is no manifest or index of any kind
  friend bool operator==(const NotThere&, const NotThere&) = default;
};

/// What a blob turned out to hold. Cheap to copy: the lists of a document are shared between its copies.
using Content = std::variant<NotThere, image::Document, image::ImageConfig>;

/// About how many bytes of memory `content` takes, what it shares with its copies included.
inline std::size_t ApproximateBytes(const Content& content) {
  if (const auto* document = std::get_if<image::Document>(&content)) return image::ApproximateBytes(*document);
  if (const auto* config = std::get_if<image::ImageConfig>(&content)) return image::ApproximateBytes(*config);
  return sizeof(Content) + std::get<NotThere>(content).detail.capacity();
}

}  // namespace tagdrift::facts
