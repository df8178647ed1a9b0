#pragma once

#include <cstddef>
#include <string>

namespace tagdrift::agent {

/// An image manifest of `layers` layers, some 110 bytes each; `text` makes it differ.
std::string HugeManifest(const std::string& text, std::size_t layers);

}  // namespace tagdrift::agent
