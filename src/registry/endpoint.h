#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "registry/url.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::registry {

/// What may share connections: same place, same way there, same TLS.
struct Endpoint {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  std::string proxy;     ///< secret: may hold a password
  std::string identity;  ///< bytes of the extra CAs and of the client certificate
  bool skip_verify = false;
  std::int64_t dial_milliseconds = 0;  ///< containerd's own limit

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// The endpoint behind `url` for requests on behalf of `host`; `must_verify` overrides the host's `skip_verify`.
Endpoint EndpointOf(const Url& url, const hosts::RegistryHost& host, const std::string& proxy, bool must_verify);

}  // namespace tagdrift::registry
