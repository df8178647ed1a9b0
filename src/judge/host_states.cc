#include "host_states.h"

#include <algorithm>
#include <utility>

#include "comparison.h"

namespace tagdrift::judge {
namespace {

/// True where the host was asked for the content behind its own answer and did not have it.
bool LacksItsDigest(const FactLookup& lookup, std::size_t host, const image::Digest& digest) {
  const auto found =
      lookup.tag().answers.find({lookup.route().same_requests_as[host], QueryKind::kManifest, digest, ""});
  if (found == lookup.tag().answers.end()) return false;
  const hosts::Answer& answer = found->second;
  return answer.failure == hosts::Failure::kNone && answer.status >= 400 && answer.status != 401 &&
         answer.status != 403 && answer.status != 429;
}

/// A converted or re-pushed image: another kind of document than the origin's.
bool MayBeConversion(const PlatformImage& theirs, const PlatformImage& origins) {
  return theirs.is_index != origins.is_index || theirs.docker_types != origins.docker_types;
}

/// True where the origin was seen to serve the digest for this tag.
bool WasServedByOrigin(const TagFacts& tag, const image::Digest& digest) {
  return std::ranges::any_of(tag.history.origin_served,
                             [&](const facts::ServedDigest& served) { return served.digest == digest; });
}

/// BEHIND needs proof: served by the origin before; or built earlier and no conversion; or known to the origin by
/// digest and not built later.
HostState JudgeDifference(FactLookup& lookup, std::size_t host, const image::Digest& digest,
                          const std::string& media_type, const OriginView& origin) {
  const std::size_t origin_host = *lookup.route().origin;
  const auto theirs = FindPlatformImage(lookup, digest, media_type, {host, origin_host});
  const auto origins = FindPlatformImage(lookup, *origin.digest, origin.media_type, {origin_host});
  const bool was_served = WasServedByOrigin(lookup.tag(), digest);
  if (!theirs.image || !origins.image) return was_served ? HostState::kBehind : HostState::kDifferent;
  if (Equivalent(*theirs.image, *origins.image)) return HostState::kEquivalent;
  if (was_served) return HostState::kBehind;

  const CreatedFinding their_time = FindCreated(lookup, *theirs.image, {host, origin_host});
  const CreatedFinding origin_time = FindCreated(lookup, *origins.image, {origin_host});
  if (!their_time.created || !origin_time.created || *their_time.created > *origin_time.created) {
    return HostState::kDifferent;
  }
  if (*their_time.created < *origin_time.created && !MayBeConversion(*theirs.image, *origins.image)) {
    return HostState::kBehind;
  }
  const hosts::Answer* known = lookup.AnswerTo({origin_host, QueryKind::kDigest, digest, media_type});
  const bool is_known = known != nullptr && known->failure == hosts::Failure::kNone && known->status == 200;
  return is_known ? HostState::kBehind : HostState::kDifferent;
}

HostResult JudgeHost(FactLookup& lookup, std::size_t host, const hosts::Answer& answer, const OriginView& origin) {
  HostResult result;
  result.answer = answer;
  const auto first = lookup.tag().first_answers.find(lookup.route().same_requests_as[host]);
  if (first != lookup.tag().first_answers.end() &&
      ReadTagAnswer(first->second).digest != ReadTagAnswer(answer).digest) {
    result.first_answer = first->second;
  }
  TagAnswer read = ReadTagAnswer(answer);
  if (!read.digest) {
    result.state = read.refusal;
    return result;
  }
  result.digest = read.digest;
  if (LacksItsDigest(lookup, host, *read.digest)) {
    result.state = HostState::kBroken;
  } else if (!origin.digest) {
    result.state = HostState::kUndecided;
  } else if (*read.digest == *origin.digest) {
    result.state = HostState::kInSync;
  } else {
    result.state = JudgeDifference(lookup, host, *read.digest, read.media_type, origin);
  }
  return result;
}

}  // namespace

std::vector<HostResult> JudgeHosts(FactLookup& lookup, const OriginView& origin) {
  const Route& route = lookup.route();
  std::vector<HostResult> results(route.hosts.size());
  for (std::size_t host = 0; host < route.hosts.size(); ++host) {
    const HostQuery ask{route.same_requests_as[host], QueryKind::kTag, std::nullopt, ""};
    if (lookup.context().all_hosts) lookup.AnswerTo(ask);
    const auto answer = lookup.tag().answers.find(ask);
    if (answer != lookup.tag().answers.end()) results[host] = JudgeHost(lookup, host, answer->second, origin);
  }
  return results;
}

}  // namespace tagdrift::judge
