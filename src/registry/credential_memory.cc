#include "registry/credential_memory.h"

#include <algorithm>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxEntries = 4096;
constexpr std::chrono::seconds kGoodFor{5};

void MoveToFront(CredentialAnswer& answer, const Credential& credential) {
  const auto found = std::find(answer.candidates.begin(), answer.candidates.end(), credential);
  if (found != answer.candidates.end()) std::rotate(answer.candidates.begin(), found, found + 1);
}

}  // namespace

std::optional<CredentialAnswer> CredentialMemory::Find(const WantCredentials& question, Time now) const {
  const auto found = entries_.find(question);
  if (found == entries_.end() || now >= found->second.good_until) return std::nullopt;
  return found->second.answer;
}

CredentialAnswer CredentialMemory::Put(const WantCredentials& question, CredentialAnswer answer, Time now) {
  if (entries_.size() >= kMaxEntries && !entries_.contains(question)) entries_.clear();
  Entry& entry = entries_[question];
  entry.answer = std::move(answer);
  entry.good_until = now + kGoodFor;
  if (entry.preferred) MoveToFront(entry.answer, *entry.preferred);
  return entry.answer;
}

void CredentialMemory::Prefer(const WantCredentials& question, const Credential& credential) {
  const auto found = entries_.find(question);
  if (found == entries_.end()) return;
  found->second.preferred = credential;
  MoveToFront(found->second.answer, credential);
}

}  // namespace tagdrift::registry
