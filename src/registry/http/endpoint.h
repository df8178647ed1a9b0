#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "registry/http/url.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::registry {

/// What may share connections: same origin, same way there, same TLS.
struct Endpoint {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  std::string proxy;     ///< secret: may hold a password
  std::string trust;     ///< digest of the CA bundle; empty: this system's
  std::string identity;  ///< digest of the extra CAs and the client certificate; empty: none
  bool skip_verify = false;
  std::int64_t dial_milliseconds = 0;  ///< containerd's own limit

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// How the network leads to a URL.
struct Way {
  std::string proxy;
  std::string trust;
};

/// The endpoint behind `url` for requests on behalf of `host`; `must_verify` overrides the host's `skip_verify`.
Endpoint EndpointOf(const Url& url, const hosts::RegistryHost& host, Way way, bool must_verify);

}  // namespace tagdrift::registry
