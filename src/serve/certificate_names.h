#pragma once

#include <string>
#include <vector>

#include "serve/caller.h"
#include "tagdrift/serve/serve.h"

namespace tagdrift::serve {

/// Who calls with a certificate of these names, which are its DNS, URI and email names, else its common name; from
/// `place`, "10.0.0.5:43210". An operator needs a pattern that matches one of them; a reader where patterns are given.
/// A name that is not printable matches none.
Caller CallerNamed(const TlsAccess& access, const std::vector<std::string>& names, const std::string& place);

/// "10.0.0.5:43210" of gRPC's "ipv4:10.0.0.5:43210", "[::1]:43210" of "ipv6:%5B::1%5D:43210".
std::string PlaceOf(const std::string& peer);

}  // namespace tagdrift::serve
