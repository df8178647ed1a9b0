#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/call/call_context.h"

namespace tagdrift::registry {

/// What opens a registry: a user name with its password, an OAuth refresh token, or a ready bearer token. Secret: never
/// printed, and sent only to the host it is for or that host's token realm.
struct Credential {
  std::string username;
  std::string password;
  std::string identity_token;  ///< OAuth refresh token: traded at the realm by POST, never sent as a password
  std::string registry_token;  ///< sent as Bearer as it is, without a token request

  friend auto operator<=>(const Credential&, const Credential&) = default;
};

/// What is known of the credentials for one repository.
struct CredentialAnswer {
  std::vector<Credential> candidates;  ///< in the order to try; empty: anonymous
  /// A source that may hold the credential failed, and none other has one: to ask anonymously instead would mistake
  /// "not allowed" for "not there". For people, no secrets.
  std::string error;
};

/// Where credentials come from. Thread safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  /// The credentials for `repository` ("library/nginx", as this host knows it) at `host` (as in a URL, with port;
  /// "registry-1.docker.io"). May block, for files and programs, within limits of its own.
  virtual CredentialAnswer Find(std::string_view host, std::string_view repository,
                                const CallContext& context) const = 0;
};

/// No credentials at all.
std::unique_ptr<CredentialSource> NoCredentials();

}  // namespace tagdrift::registry
