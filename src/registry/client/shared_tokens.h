#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "registry/auth/token_cache.h"
#include "registry/client/job.h"

namespace tagdrift::registry {

/// Tokens that were fetched, with the jobs that wait for one that is being fetched: one fetch at a time for each token
/// and network. Used by one thread at a time.
class SharedTokens {
 public:
  std::optional<TokenGrant> Find(const TokenKey& key, SteadyTime now) { return cache_.Find(key, now); }
  /// True: nobody fetches the token that `job` waits for now, so the caller does.
  bool Wait(const TokenKey& key, JobPtr job);
  /// Remembers what came of a fetch. Returns who waited for it.
  Jobs Arrived(const TokenKey& key, const NetworkView* network, const TokenGrant& grant, SteadyTime now);
  /// Somebody waits for what `fetch` brings.
  bool IsWanted(const Job& fetch) const;

  void Forget(const TokenKey& key, const std::string& token, SteadyTime now) { cache_.Forget(key, token, now); }
  bool WantsGet(const std::string& realm, SteadyTime now) { return cache_.WantsGet(realm, now); }
  void ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out);
  void Expire(SteadyTime now) { cache_.Expire(now); }
  std::size_t size() const { return cache_.size(); }

 private:
  TokenCache cache_;
  std::map<std::pair<TokenKey, const NetworkView*>, Jobs> waiting_;
};

}  // namespace tagdrift::registry
