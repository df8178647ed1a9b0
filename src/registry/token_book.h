#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "registry/exchange.h"
#include "registry/token_fetch.h"

namespace tagdrift::registry {

/// Tokens in memory, by what they are good for, and refusals of the token server, for a quarter of an hour. Lifetimes
/// count from the arrival on the steady clock; what the server's clock says does not matter.
class TokenBook {
 public:
  using Time = std::chrono::steady_clock::time_point;

  std::optional<TokenGrant> Find(const TokenKey& key, Time now) const;
  /// Records a token or a refusal; other failures are not remembered.
  void Store(const TokenKey& key, const std::shared_ptr<const TokenResult>& granted, Time now);
  /// Drops the token if it is still the one in the book.
  void Forget(const TokenKey& key, const std::string& token);

  /// Realms that refused a POST and then took the GET.
  bool WantsGet(const std::string& realm) const { return wants_get_.contains(realm); }

 private:
  struct Entry {
    std::shared_ptr<const TokenResult> result;
    Time arrived;
    Time usable_until;
  };

  std::map<TokenKey, Entry> entries_;
  std::set<std::string> wants_get_;
};

}  // namespace tagdrift::registry
