#include "registry/token_book.h"

#include <algorithm>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxEntries = 10000;
constexpr std::chrono::seconds kYoung{30};
constexpr std::chrono::minutes kRefusalKept{15};

}  // namespace

std::optional<TokenGrant> TokenBook::Find(const TokenKey& key, Time now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || now >= found->second.usable_until) return std::nullopt;
  return TokenGrant{.result = found->second.result, .young = now - found->second.arrived < kYoung};
}

void TokenBook::Store(const TokenKey& key, const std::shared_ptr<const TokenResult>& granted, Time now) {
  const TokenResult& result = *granted;
  const bool failed = result.failure != hosts::Failure::kNone;
  if (failed && !result.refused) return;
  if (entries_.size() >= kMaxEntries) {
    std::erase_if(entries_, [now](const auto& entry) { return now >= entry.second.usable_until; });
  }
  if (entries_.size() >= kMaxEntries) entries_.clear();
  if (result.by_get && wants_get_.size() < kMaxEntries) wants_get_.insert(key.realm);
  const absl::Duration margin = std::clamp(result.lifetime / 4, absl::Seconds(5), absl::Seconds(30));
  const std::chrono::seconds usable = failed ? kRefusalKept : absl::ToChronoSeconds(result.lifetime - margin);
  entries_.insert_or_assign(key, Entry{.result = granted, .arrived = now, .usable_until = now + usable});
}

void TokenBook::Forget(const TokenKey& key, const std::string& token) {
  const auto found = entries_.find(key);
  if (found != entries_.end() && found->second.result->token == token) entries_.erase(found);
}

}  // namespace tagdrift::registry
