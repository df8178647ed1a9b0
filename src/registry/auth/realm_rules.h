#pragma once

#include <optional>
#include <string>

#include "registry/http/url.h"

namespace tagdrift::registry {

/// A registry names the URL its credentials go to, so a hostile mirror can name any. Why tagdrift sends nothing to
/// `realm` on behalf of `endpoint` (as really reached: http after a fallback), or nothing if it does:
/// - http only if the endpoint itself is asked over http; no user or fragment in the URL;
/// - with credentials: the endpoint's own host, or one with the same registrable domain; never another IP literal or
/// localhost;
/// - without: no loopback, private or link-local address, unless it is the endpoint's host or the endpoint is itself on
/// loopback.
std::optional<std::string> WhyRealmRefused(const Url& realm, const Url& endpoint, bool with_credentials);

}  // namespace tagdrift::registry
