#pragma once

#include <map>
#include <string>

#include "credentials/sources.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// containerd's own `registry.configs."HOST".auth`, for exactly that host. In an entry the user name counts before the
/// identity token, and that before `auth`, as in containerd. One that cannot be used is warned about.
SourcePtr EndpointAuths(const std::map<std::string, hosts::EndpointAuth>& auths, const Warn& warn);

}  // namespace tagdrift::credentials
