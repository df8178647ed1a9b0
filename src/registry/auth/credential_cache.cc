#include "registry/auth/credential_cache.h"

#include <algorithm>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxAnswers = 1000;
constexpr std::chrono::hours kAnswerIdle{2};
constexpr std::chrono::seconds kGoodFor{5};

void MoveToFront(CredentialAnswer& answer, const Credential& credential) {
  const auto found = std::find(answer.candidates.begin(), answer.candidates.end(), credential);
  if (found != answer.candidates.end()) std::rotate(answer.candidates.begin(), found, found + 1);
}

}  // namespace

CredentialCache::CredentialCache() : entries_(kAnswerIdle, kMaxAnswers) {}

std::optional<CredentialAnswer> CredentialCache::Find(const CredentialQuestion& question, SteadyTime now) {
  const Entry* entry = entries_.Find(question, now);
  if (entry == nullptr || now >= entry->good_until) return std::nullopt;
  return entry->answer;
}

CredentialAnswer CredentialCache::Put(const CredentialQuestion& question, CredentialAnswer answer, SteadyTime now) {
  Entry& entry = entries_.At(question, now);
  entry.answer = std::move(answer);
  entry.good_until = now + kGoodFor;
  if (entry.preferred) MoveToFront(entry.answer, *entry.preferred);
  return entry.answer;
}

void CredentialCache::Prefer(const CredentialQuestion& question, const Credential& credential, SteadyTime now) {
  Entry* entry = entries_.Find(question, now);
  if (entry == nullptr) return;
  entry->preferred = credential;
  MoveToFront(entry->answer, credential);
}

}  // namespace tagdrift::registry
