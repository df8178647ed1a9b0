#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The Accept line of `request`: containerd's list, or the wanted media type.
std::string AcceptLine(const Request& request);

/// True if `text` can be the value of a header.
bool IsHeaderValue(const std::string& text);

/// The configured headers of the request's host, without those that Go's client never sends from there (User-Agent,
/// Host, lengths); Accept only where containerd adds it to its own. `false` when a name or value cannot be sent in
/// HTTP.
std::pair<HeaderList, bool> ConfiguredHeaders(const Request& request);

}  // namespace tagdrift::registry
