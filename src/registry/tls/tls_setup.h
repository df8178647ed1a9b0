#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "registry/http/endpoint.h"
#include "registry/tls/trust_pool.h"

namespace tagdrift::registry {

/// The TLS side of one endpoint's connections. Must outlive them.
struct TlsSetup {
  std::shared_ptr<TrustPool> trust;
  std::shared_ptr<X509_STORE> store;                ///< of `trust` and the host's CAs, once a handshake has wanted it
  std::shared_ptr<const hosts::RegistryHost> host;  ///< whose CAs and client certificate
  std::string verified_name;                        ///< host that the certificate must name; empty: not checked here
  bool saw_http = false;                            ///< a handshake was answered with "HTTP/"
};

/// Makes `easy` use the shared CA set and the client certificate from memory.
void ApplyTls(CURL* easy, const Endpoint& endpoint, TlsSetup* setup);

}  // namespace tagdrift::registry
