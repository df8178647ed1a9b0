#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tagdrift::registry {

/// A user name with its password. Secret: never printed, and sent only to the host it is for or that host's token
/// realm.
struct Credential {
  std::string username;
  std::string password;
};

/// Where credentials come from. Thread safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  /// The credential for `repository` ("library/nginx") at `host` (as in a URL, with port; "registry-1.docker.io"), if
  /// there is one.
  virtual std::optional<Credential> Find(std::string_view host, std::string_view repository) const = 0;
};

/// Reads a docker `config.json` (its `auths`). Keys match by whole path segments, longest first; Docker Hub's names are
/// one. Errors: with the file's name and what to do; an entry without a usable `auth` is an error naming its key, never
/// its value.
absl::StatusOr<std::unique_ptr<CredentialSource>> ReadAuthFile(const std::string& path);

/// No credentials at all.
std::unique_ptr<CredentialSource> NoCredentials();

}  // namespace tagdrift::registry
