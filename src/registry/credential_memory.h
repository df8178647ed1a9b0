#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "registry/exchange.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// What the credential source last answered, for a few seconds (all tags of a repository want the same), and which
/// candidate opened the repository.
class CredentialMemory {
 public:
  using Time = std::chrono::steady_clock::time_point;

  std::optional<CredentialAnswer> Find(const WantCredentials& question, Time now) const;
  /// Records the source's answer; the candidate that opened the repository before comes first in what is returned.
  CredentialAnswer Put(const WantCredentials& question, CredentialAnswer answer, Time now);
  /// Notes the candidate that opened the repository.
  void Prefer(const WantCredentials& question, const Credential& credential);

 private:
  struct Entry {
    CredentialAnswer answer;
    Time good_until;
    std::optional<Credential> preferred;
  };

  std::map<WantCredentials, Entry> entries_;
};

}  // namespace tagdrift::registry
