#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/http/url.h"

namespace tagdrift::registry {

/// Go's client, which containerd uses, sends at most this many requests in a chain of redirects.
inline constexpr int kMaxChain = 10;

/// True for the statuses that name another place (301, 302, 303, 307, 308).
bool IsRedirect(int status);

/// Why tagdrift does not go on from `from` to `to` although containerd would, or nothing if it does: https to http, and
/// any other place to a loopback, link-local or unspecified address (unless a proxy stands between).
std::optional<std::string> WhyRedirectRefused(const Url& from, const Url& to, bool through_proxy);

/// The headers of a registry host's configuration that go along to another origin. Go passes on all but Authorization,
/// Cookie and their like; tagdrift also keeps back names that look like they carry a secret ("X-JFrog-Art-Api",
/// "PRIVATE-TOKEN").
std::vector<std::pair<std::string, std::string>> HeadersForOtherOrigin(
    const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace tagdrift::registry
