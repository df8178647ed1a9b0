#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "registry/auth/credential_cache.h"
#include "registry/auth/credential_lookup_pool.h"
#include "registry/client/job.h"

namespace tagdrift::registry {

/// What the credential source answered, with the jobs that wait for an answer: one lookup at a time for each question.
/// Used by one thread at a time, but for lookups().
class SharedCredentials {
 public:
  /// `source` may be null: there are no credentials.
  SharedCredentials(std::shared_ptr<const CredentialSource> source, CredentialLookupPool::Done done,
                    std::shared_ptr<const Clock> clock);

  std::optional<CredentialAnswer> Find(const CredentialQuestion& question, SteadyTime now);
  /// `job` waits for the answer.
  void Wait(const CredentialQuestion& question, JobPtr job);
  /// Remembers what came of a lookup, and puts the candidate first that opened the repository before. Returns who
  /// waited for it; nobody, if the lookup is no longer wanted.
  Jobs Arrived(std::uint64_t lookup, CredentialAnswer& answer, SteadyTime now);
  void Prefer(const CredentialQuestion& question, const Credential& credential, SteadyTime now) {
    cache_.Prefer(question, credential, now);
  }

  void ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out);
  /// Forgets lookups that nobody waits for. They are to be cancelled then (CredentialLookupPool::Cancel).
  std::vector<std::uint64_t> TakeUnwanted();
  void Expire(SteadyTime now) { cache_.Expire(now); }

  /// Null: there are no credentials.
  CredentialLookupPool* lookups() const { return pool_.get(); }
  /// Cancels all lookups and ends their threads; for the end.
  std::unique_ptr<CredentialLookupPool> TakeLookups() { return std::move(pool_); }
  std::size_t size() const { return cache_.size(); }

 private:
  struct Lookup {
    std::uint64_t id = 0;
    Jobs waiting;
  };

  CredentialCache cache_;
  std::map<CredentialQuestion, Lookup> lookups_;
  std::uint64_t next_lookup_ = 0;
  std::unique_ptr<CredentialLookupPool> pool_;
};

}  // namespace tagdrift::registry
