#pragma once

#include <cstddef>
#include <optional>

#include "registry/auth/credential_question.h"
#include "registry/expiring_map.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// What the credential source last answered, for a few seconds (all tags of a repository want the same), and which
/// candidate opened the repository. At most a thousand repositories, those not asked for longest go first.
class CredentialCache {
 public:
  CredentialCache();

  std::optional<CredentialAnswer> Find(const CredentialQuestion& question, SteadyTime now);
  /// Records the source's answer; the candidate that opened the repository before comes first in what is returned.
  CredentialAnswer Put(const CredentialQuestion& question, CredentialAnswer answer, SteadyTime now);
  /// Notes the candidate that opened the repository.
  void Prefer(const CredentialQuestion& question, const Credential& credential, SteadyTime now);
  void Expire(SteadyTime now) { entries_.Expire(now); }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    CredentialAnswer answer;
    SteadyTime good_until;
    std::optional<Credential> preferred;
  };

  ExpiringMap<CredentialQuestion, Entry> entries_;
};

}  // namespace tagdrift::registry
