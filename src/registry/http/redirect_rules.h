#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/http/url.h"

namespace tagdrift::registry {

/// Go's client, which containerd uses, sends at most this many requests in a chain of redirects.
inline constexpr int kMaxChain = 10;

/// True for the statuses that name another place (301, 302, 303, 307, 308).
bool IsRedirect(int status);

/// Why tagdrift does not go on from `from` to `to` although containerd would, or nothing if it does: https to http, and
/// any other place to a loopback, link-local or unspecified address (unless a proxy stands between).
std::optional<std::string> WhyRedirectRefused(const Url& from, const Url& to, bool through_proxy);

/// True if Go's client sends the configured header `name` along from `from` to `to`: any but Authorization, Cookie and
/// their like, and those too to the same host or one below it.
bool GoSendsAlong(std::string_view name, const Url& from, const Url& to);

}  // namespace tagdrift::registry
