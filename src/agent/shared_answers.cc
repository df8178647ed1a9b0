#include "shared_answers.h"

#include <utility>

#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {
namespace {

template <class T>
facts::Content ContentOf(absl::StatusOr<T> parsed) {
  if (!parsed.ok()) return facts::NotThere{std::string(parsed.status().message())};
  return *std::move(parsed);
}

}  // namespace

const ContentAnswer* SharedAnswers::Find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() || !found->second.answer ? nullptr : &*found->second.answer;
}

bool SharedAnswers::Wait(const std::string& key, Waiter waiter) {
  Entry& entry = entries_[key];
  entry.waiters.push_back(std::move(waiter));
  return entry.waiters.size() == 1;
}

std::vector<SharedAnswers::Waiter> SharedAnswers::Put(const std::string& key, ContentAnswer answer) {
  Entry& entry = entries_[key];
  entry.answer = std::move(answer);
  return std::exchange(entry.waiters, {});
}

ContentAnswer ReadContentReply(const judge::HostQuery& ask, registry::Reply reply) {
  ContentAnswer result;
  result.answer = std::move(reply.answer);
  const bool delivered = result.answer.get && result.answer.get->status == 200 && ask.digest->Matches(reply.body);
  if (!delivered) return result;
  if (ask.kind == judge::QueryKind::kConfig) {
    result.content = ContentOf(image::ParseImageConfig(reply.body));
  } else {
    const bool known_type = image::IsManifestOrIndex(ask.media_type);
    result.content = ContentOf(image::ParseDocument(reply.body, known_type ? ask.media_type : ""));
  }
  return result;
}

}  // namespace tagdrift::agent
