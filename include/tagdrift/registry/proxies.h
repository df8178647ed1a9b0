#pragma once

#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::registry {

/// Whether a client that goes by the rules of Go's net/http, as containerd does, could have a proxy for this host: it
/// has none for "localhost" and loopback addresses, whatever HTTP_PROXY and HTTPS_PROXY say.
bool MayBeProxied(const hosts::RegistryHost& host);

}  // namespace tagdrift::registry
