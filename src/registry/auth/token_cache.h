#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "registry/auth/token_fetch.h"
#include "registry/expiring_map.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::registry {

/// A token as handed out, or why there is none. `young`: got so recently that a refusal is about rights, not about age.
struct TokenGrant {
  std::shared_ptr<const TokenResult> result;
  bool young = true;
};

/// Tokens in memory, by what they are good for, and refusals of the token server, for a quarter of an hour. Lifetimes
/// count from the arrival on the steady clock; what the server's clock says does not matter. At most a thousand, those
/// not used for longest go first.
class TokenCache {
 public:
  TokenCache();

  std::optional<TokenGrant> Find(const TokenKey& key, SteadyTime now);
  /// Records a token or a refusal; other failures are not remembered.
  void Store(const TokenKey& key, const std::shared_ptr<const TokenResult>& granted, SteadyTime now);
  /// Drops the token if it is still the one in the cache.
  void Forget(const TokenKey& key, const std::string& token, SteadyTime now);
  /// Drops what is no longer usable.
  void Expire(SteadyTime now);

  /// Realms that refused a POST and then took the GET.
  bool WantsGet(const std::string& realm, SteadyTime now) { return wants_get_.Find(realm, now) != nullptr; }

  std::size_t size() const { return tokens_.size(); }

 private:
  struct Token {
    std::shared_ptr<const TokenResult> result;
    SteadyTime arrived;
    SteadyTime usable_until;
  };
  struct WantsGetMark {};

  ExpiringMap<TokenKey, Token> tokens_;
  ExpiringMap<std::string, WantsGetMark> wants_get_;
};

}  // namespace tagdrift::registry
