#pragma once

#include <string_view>

namespace tagdrift::image {

// The pieces of a reference as written. `host` is empty where only the path grammar fits the whole name.
struct ReferenceParts {
  std::string_view host;
  std::string_view path;
  std::string_view tag;
  std::string_view digest;
};

// Splits `text` (name [":" tag] ["@" digest], the name with a "/") by the grammar of distribution/reference into
// `parts`. False: it does not fit.
bool SplitReference(std::string_view text, ReferenceParts& parts);

// Whether `text` fits the grammar of a host with an optional port; underscores are let pass, which host names in
// references may have where there is no port.
bool IsHostPart(std::string_view text);

}  // namespace tagdrift::image
