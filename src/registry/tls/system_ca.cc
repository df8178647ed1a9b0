#include "tagdrift/registry/system_ca.h"

namespace tagdrift::registry {

const std::vector<std::string>& SystemCaPlaces() {
  static const std::vector<std::string> kPlaces = {"/etc/ssl/certs/ca-certificates.crt",
                                                   "/etc/pki/tls/certs/ca-bundle.crt",
                                                   "/etc/ssl/ca-bundle.pem",
                                                   "/etc/pki/tls/cacert.pem",
                                                   "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                                   "/etc/ssl/cert.pem"};
  return kPlaces;
}

}  // namespace tagdrift::registry
