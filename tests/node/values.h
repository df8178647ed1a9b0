#pragma once

#include <string>
#include <vector>

#include "tagdrift/image/digest.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::node {

/// The digest whose hex part is `digit` throughout.
image::Digest DigestOf(char digit);
/// As text: "sha256:aaaa...".
std::string IdOf(char digit);

image::Reference Ref(const std::string& text);

ImageRecord Record(const std::string& name, char target);
CriImage Image(char id, std::vector<std::string> tags, std::vector<std::string> digests);
CriContainer Container(const std::string& id, const std::string& image, char image_id);

/// The entry of that canonical reference; null where there is none.
const facts::CachedImage* Find(const facts::Node& node, const std::string& reference);

/// Canonical references in the node's order.
std::vector<std::string> References(const facts::Node& node);

/// "container id/basis" of each use.
std::vector<std::string> Uses(const facts::CachedImage& image);

}  // namespace tagdrift::node
