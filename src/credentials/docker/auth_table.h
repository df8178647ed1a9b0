#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/docker/config.h"

namespace tagdrift::credentials {

/// A key or server address without scheme, user and the path of an API version; Docker Hub's names become one:
/// "https://user@example.com/v1/" is "example.com", "registry-1.docker.io/team" is "docker.io/team".
std::string PlainKey(std::string_view key);

/// Credentials by plain key, as containers/image looks them up: by whole path segments, longest first.
class AuthTable {
 public:
  /// Of several keys with the same plain form the one written so counts, otherwise the first.
  explicit AuthTable(std::vector<Entry> entries);

  /// Null: none.
  const registry::Credential* Find(std::string_view host, std::string_view repository) const;

  /// Of the keys, sorted.
  std::vector<std::string> Hosts() const;

 private:
  std::map<std::string, registry::Credential> entries_;
};

}  // namespace tagdrift::credentials
