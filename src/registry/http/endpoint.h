#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "registry/http/address.h"
#include "registry/http/url.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::registry {

/// How a request came to leave the configured host that it is sent for: by a redirect, or by the token realm that the
/// host names. Nothing of it where the host itself is asked.
struct Detour {
  std::string from;  ///< host and port of the configured host
  /// The most internal addresses that may be connected to; nothing: all, as the configuration names this host.
  std::optional<AddressKind> innermost;

  friend auto operator<=>(const Detour&, const Detour&) = default;
};

/// What may share connections: same origin, same way there, same TLS. What one host leads to by redirects and realms
/// shares nothing with what is configured, nor with what others lead to.
struct Endpoint {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  std::string proxy;     ///< secret: may hold a password
  std::string trust;     ///< digest of the CA bundle; empty: this system's
  std::string identity;  ///< digest of the extra CAs and the client certificate; empty: none
  bool skip_verify = false;
  std::int64_t dial_milliseconds = 0;  ///< containerd's own limit
  Detour detour;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// How the network leads to a URL.
struct Way {
  std::string proxy;
  std::string trust;
};

/// The endpoint behind `url` for requests on behalf of `host`; `must_verify` overrides the host's `skip_verify`.
Endpoint EndpointOf(const Url& url, const hosts::RegistryHost& host, Way way, bool must_verify, Detour detour);

}  // namespace tagdrift::registry
