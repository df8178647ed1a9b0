#pragma once

#include <curl/curl.h>

#include <string>

#include "registry/endpoint.h"
#include "registry/trust_store.h"

namespace tagdrift::registry {

/// The TLS side of one endpoint's connections. Must outlive them.
struct TlsSetup {
  TrustStore* trust = nullptr;
  std::shared_ptr<const hosts::RegistryHost> host;  ///< whose CAs and client certificate
  std::string verified_name;                        ///< host that the certificate must name; empty: not checked here
  bool saw_http = false;                            ///< a handshake was answered with "HTTP/"
};

/// Makes `easy` use the shared CA set and the client certificate from memory.
void ApplyTls(CURL* easy, const Endpoint& endpoint, TlsSetup* setup);

}  // namespace tagdrift::registry
