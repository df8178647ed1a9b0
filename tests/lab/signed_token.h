#pragma once

#include <ctime>
#include <string>

#include "certificates.h"

namespace tagdrift::lab {

/// What a token says. docker-registry believes it when its issuer, audience and times are right and its signature comes
/// from a certificate of the root it was given.
struct TokenClaims {
  std::string issuer;
  std::string audience;  ///< the registry's `service`
  std::string subject;   ///< empty: anybody
  std::time_t not_before = 0;
  std::time_t expires = 0;
  std::string repository;  ///< that may be pulled; empty: none
};

/// A JSON web token, signed with ES256 by `signer.key`, with its certificate in `x5c`.
std::string SignToken(const TokenClaims& claims, const Certificates& signer);

}  // namespace tagdrift::lab
