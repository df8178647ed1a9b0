#pragma once

#include <map>
#include <string>

#include "registry/http/url.h"

namespace tagdrift::registry {

/// The proxy for `url` by the rules of Go's net/http, read from `environment` (HTTP_PROXY, HTTPS_PROXY, NO_PROXY; upper
/// case first): a URL that libcurl understands, with user and password if it names them (secret), or empty for none.
std::string ProxyFor(const Url& url, const std::map<std::string, std::string>& environment);

}  // namespace tagdrift::registry
