#pragma once

#include <compare>
#include <string>

namespace tagdrift::registry {

/// What the credential source is asked.
struct CredentialQuestion {
  std::string host;        ///< with port, as in a URL
  std::string repository;  ///< as that host knows it: with the prefix that a mirror's path puts before it

  friend auto operator<=>(const CredentialQuestion&, const CredentialQuestion&) = default;
};

}  // namespace tagdrift::registry
