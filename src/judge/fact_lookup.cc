#include "fact_lookup.h"

#include <algorithm>
#include <utility>

namespace tagdrift::judge {
namespace {

template <class T>
const T* In(const std::map<image::Digest, facts::Content>& contents, const image::Digest& digest) {
  const auto found = contents.find(digest);
  return found == contents.end() ? nullptr : std::get_if<T>(&found->second);
}

std::string WhyNot(const hosts::Answer& answer) {
  if (answer.failure != hosts::Failure::kNone) return answer.failure_detail;
  return "answered " + std::to_string(answer.status);
}

}  // namespace

const hosts::Answer* FactLookup::AnswerTo(HostQuery ask) {
  ask.host = route_.same_requests_as[ask.host];
  const auto found = tag_.answers.find(ask);
  if (found != tag_.answers.end()) return &found->second;
  if (std::find(needs_.begin(), needs_.end(), MissingFact(ask)) == needs_.end()) needs_.push_back(std::move(ask));
  return nullptr;
}

std::optional<bool> FactLookup::Stored(const image::Digest& digest, const std::string& media_type, bool is_config) {
  if (!context_.has_content_store) return false;
  const auto found = tag_.stored.find(digest);
  if (found != tag_.stored.end()) return !std::holds_alternative<facts::NotThere>(found->second);
  MissingFact need = StoreQuery{digest, media_type, is_config};
  if (std::find(needs_.begin(), needs_.end(), need) == needs_.end()) needs_.push_back(std::move(need));
  return std::nullopt;
}

template <class T>
Finding<T> FactLookup::Look(const image::Digest& digest, const std::string& media_type, bool is_config,
                            const std::vector<std::size_t>& sources) {
  Finding<T> finding;
  if ((finding.value = In<T>(tag_.stored, digest)) != nullptr) return finding;
  if ((finding.value = In<T>(tag_.fetched, digest)) != nullptr) return finding;
  const std::optional<bool> stored = Stored(digest, media_type, is_config);
  if (!stored) {
    finding.pending = true;
    return finding;
  }
  // Delivered, but it does not parse as what it should be: no host can deliver other bytes for this digest.
  if (const auto* unusable = In<facts::NotThere>(tag_.fetched, digest)) {
    finding.why_not = unusable->detail;
    return finding;
  }
  finding.why_not = "no host has it";
  for (const std::size_t host : sources) {
    const hosts::Answer* answer =
        AnswerTo({host, is_config ? QueryKind::kConfig : QueryKind::kManifest, digest, media_type});
    if (answer == nullptr) {
      finding.pending = true;
      return finding;
    }
    finding.why_not = WhyNot(*answer);
  }
  return finding;
}

Finding<image::Document> FactLookup::Document(const image::Digest& digest, const std::string& media_type,
                                              const std::vector<std::size_t>& sources) {
  return Look<image::Document>(digest, media_type, false, sources);
}

Finding<image::ImageConfig> FactLookup::Config(const image::Digest& digest, const std::vector<std::size_t>& sources) {
  return Look<image::ImageConfig>(digest, "", true, sources);
}

hosts::Resolution FactLookup::FetchWalk(hosts::Puller puller, const image::Descriptor& blob, bool is_config) {
  const hosts::AnswerOf answer = [&](std::size_t host) {
    return AnswerTo({host, is_config ? QueryKind::kConfig : QueryKind::kManifest, blob.digest, blob.media_type});
  };
  return hosts::Fetch(route_.config, puller, blob.digest, answer, blob.size);
}

}  // namespace tagdrift::judge
