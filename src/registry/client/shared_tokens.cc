#include "registry/client/shared_tokens.h"

namespace tagdrift::registry {

bool SharedTokens::Wait(const TokenKey& key, JobPtr job) {
  Jobs& waiting = waiting_[{key, job->network.get()}];
  waiting.push_back(std::move(job));
  return waiting.size() == 1;
}

Jobs SharedTokens::Arrived(const TokenKey& key, const NetworkView* network, const TokenGrant& grant, SteadyTime now) {
  cache_.Store(key, grant.result, now);
  auto waiting = waiting_.extract({key, network});
  return waiting ? std::move(waiting.mapped()) : Jobs();
}

bool SharedTokens::IsWanted(const Job& fetch) const {
  return waiting_.contains({std::get<TokenFetch>(fetch.protocol).key(), fetch.network.get()});
}

void SharedTokens::ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out) {
  for (auto& [key, jobs] : waiting_) ExtractJobs(jobs, wanted, out);
  std::erase_if(waiting_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace tagdrift::registry
