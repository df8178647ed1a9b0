#include "registry/client/shared_credentials.h"

#include <algorithm>
#include <utility>

namespace tagdrift::registry {

SharedCredentials::SharedCredentials(std::shared_ptr<const CredentialSource> source, CredentialLookupPool::Done done,
                                     std::shared_ptr<const Clock> clock) {
  if (source == nullptr) return;
  pool_ = std::make_unique<CredentialLookupPool>(std::move(source), std::move(done), std::move(clock));
}

std::optional<CredentialAnswer> SharedCredentials::Find(const CredentialQuestion& question, SteadyTime now) {
  return pool_ ? cache_.Find(question, now) : CredentialAnswer();
}

void SharedCredentials::Wait(const CredentialQuestion& question, JobPtr job) {
  Lookup& lookup = lookups_[question];
  lookup.waiting.push_back(std::move(job));
  if (lookup.waiting.size() > 1) return;
  lookup.id = next_lookup_++;
  pool_->Ask(lookup.id, question);
}

Jobs SharedCredentials::Arrived(std::uint64_t lookup, CredentialAnswer& answer, SteadyTime now) {
  const auto found =
      std::find_if(lookups_.begin(), lookups_.end(), [lookup](const auto& entry) { return entry.second.id == lookup; });
  if (found == lookups_.end()) return {};
  answer = cache_.Put(found->first, std::move(answer), now);
  Jobs waiting = std::move(found->second.waiting);
  lookups_.erase(found);
  return waiting;
}

void SharedCredentials::ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out) {
  for (auto& [question, lookup] : lookups_) ExtractJobs(lookup.waiting, wanted, out);
}

std::vector<std::uint64_t> SharedCredentials::TakeUnwanted() {
  std::vector<std::uint64_t> unwanted;
  std::erase_if(lookups_, [&unwanted](const auto& entry) {
    if (!entry.second.waiting.empty()) return false;
    unwanted.push_back(entry.second.id);
    return true;
  });
  return unwanted;
}

}  // namespace tagdrift::registry
