#include "registry/auth/token_cache.h"

#include <algorithm>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxTokens = 1000;
// As long as the longest lifetime of a token.
constexpr std::chrono::hours kTokenIdle{1};
constexpr std::chrono::hours kRealmIdle{24};
constexpr std::chrono::seconds kYoung{30};
constexpr std::chrono::minutes kRefusalKept{15};

}  // namespace

TokenCache::TokenCache() : tokens_(kTokenIdle, kMaxTokens), wants_get_(kRealmIdle, kMaxTokens) {}

std::optional<TokenGrant> TokenCache::Find(const TokenKey& key, SteadyTime now) {
  const Token* token = tokens_.Find(key, now);
  if (token == nullptr || now >= token->usable_until) return std::nullopt;
  return TokenGrant{.result = token->result, .young = now - token->arrived < kYoung};
}

void TokenCache::Store(const TokenKey& key, const std::shared_ptr<const TokenResult>& granted, SteadyTime now) {
  const TokenResult& result = *granted;
  const bool failed = result.failure != hosts::Failure::kNone;
  if (failed && !result.refused) return;
  if (result.by_get) wants_get_.At(key.realm, now);
  const absl::Duration margin = std::clamp(result.lifetime / 4, absl::Seconds(5), absl::Seconds(30));
  const std::chrono::seconds usable = failed ? kRefusalKept : absl::ToChronoSeconds(result.lifetime - margin);
  tokens_.At(key, now) = {.result = granted, .arrived = now, .usable_until = now + usable};
}

void TokenCache::Forget(const TokenKey& key, const std::string& token, SteadyTime now) {
  const Token* found = tokens_.Find(key, now);
  if (found != nullptr && found->result->token == token) tokens_.Erase(key);
}

void TokenCache::Expire(SteadyTime now) {
  tokens_.EraseIf([now](const Token& token) { return now >= token.usable_until; });
  wants_get_.Expire(now);
}

}  // namespace tagdrift::registry
