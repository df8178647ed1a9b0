#pragma once

#include <string_view>

#include "hosts/directory/hosts_file.h"

namespace tagdrift::hosts {

/// Whether containerd takes `host` (with or without port) for this machine: "localhost" or a loopback address.
bool IsLocalhost(std::string_view host);

/// Turns an entry that names no host into the registry's default host: address, path and capabilities are containerd's
/// own, the entry's TLS files and headers stay.
void MakeDefault(HostEntry& entry, std::string_view registry, Release release);

/// Applies containerd's rule for http hosts with TLS settings: https first, then http.
void ApplyHttpFallback(HostEntry& entry, Release release);

}  // namespace tagdrift::hosts
