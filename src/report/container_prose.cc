#include "container_prose.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/time/time.h"
#include "judged_tags.h"
#include "prose.h"

namespace tagdrift::report {
namespace {

using judge::Outcome;
using judge::Verdict;

bool IsRight(Outcome outcome) { return outcome == Outcome::kFresh || outcome == Outcome::kEquivalent; }

std::string ShortImage(const std::optional<image::Digest>& digest) {
  return digest ? digest->Short() : "an unknown image";
}

std::string ShortImage(const std::string& image_id) {
  const auto digest = image::Digest::Parse(image_id);
  return digest.ok() ? digest->Short() : "an unknown image";
}

std::string OriginOf(const JudgedTag& tag, const Round& round) {
  const judge::Route& route = RouteOf(tag, round);
  return route.origin ? route.hosts[*route.origin]->Url() : "the registry";
}

std::string Since(const facts::CachedImage& image) {
  if (!image.updated_at) return "";
  return " since " + absl::FormatTime("%Y-%m-%d %H:%M:%SZ", *image.updated_at, absl::UTCTimeZone());
}

/// It runs another image than its tag points to.
std::string BehindDetail(const judge::ContainerResult& container, const JudgedTag& tag, const Round& round) {
  const facts::CachedImage& image = tag.facts.image;
  const std::string runs = "runs image " + ShortImage(container.request.image_id);
  if (!image.target && !image.cri_image_id) {
    return fmt::format("{}; {} is not on this node any more, and {} has image {} under that name", runs,
                       image.reference.Canonical(), OriginOf(tag, round), ShortImage(tag.result.origin_image_id));
  }
  std::string text = fmt::format("{}; {} has pointed to image {} here{}", runs, image.reference.Canonical(),
                                 ShortImage(tag.result.cached_image_id), Since(image));
  switch (tag.result.verdict) {
    case Verdict::kFresh:
    case Verdict::kEquivalent:
      return text + ", as at " + OriginOf(tag, round);
    case Verdict::kStale:
    case Verdict::kGone:
      return text + ", which is stale too: " + Detail(tag, RouteOf(tag, round));
    case Verdict::kLocal:
    case Verdict::kImmutable:
    case Verdict::kUndecided:
      break;
  }
  return text + "; " + Detail(tag, RouteOf(tag, round));
}

std::string AskedDetail(const judge::ContainerRequest& request) {
  constexpr std::size_t kShown = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(request.references.size(), kShown); ++i) {
    names += (i == 0 ? "" : " or ") + request.references[i].Canonical();
  }
  if (request.references.size() > kShown) names += fmt::format(" or {} more", request.references.size() - kShown);
  if (request.references.size() == 1) {
    const bool recorded = request.source == judge::RequestSource::kRecord;
    return recorded ? fmt::format(
                          "containerd recorded it as {}, which is not on this node any more and may be another "
                          "name of its image than the one it asked for",
                          names)
                    : fmt::format("which tag it asked for is not known; {} has its image", names);
  }
  return fmt::format("whether it asked for {} is not known, and they differ: its pod's spec would tell", names);
}

std::string UndecidedDetail(const judge::ContainerResult& container, const JudgedTag* tag, const Round& round) {
  if (container.cause != judge::Cause::kAmbiguousCache && tag != nullptr) return Detail(*tag, RouteOf(*tag, round));
  if (!container.reason.empty()) return container.reason;
  const bool asked_is_known = container.request.source == judge::RequestSource::kRuntime ||
                              container.request.source == judge::RequestSource::kPodSpec;
  return asked_is_known && tag != nullptr ? Detail(*tag, RouteOf(*tag, round)) : AskedDetail(container.request);
}

const char* What(bool older) { return older ? "older code" : "another image than the origin's"; }

/// What a pull that brings another image than the origin's means for the container.
std::string StalePullDetail(const judge::ContainerResult& container, const JudgedTag& tag, const Round& round,
                            const std::string& brings) {
  if (container.restart.image_id && container.restart.image_id->text() == container.request.image_id) {
    return fmt::format("a rollout restart changes nothing: the pull brings {}, the image that runs now", brings);
  }
  const std::size_t host = RouteOf(tag, round).same_requests_as[*container.restart.host];
  const bool older = tag.result.hosts[host].state == judge::HostState::kBehind;
  return fmt::format("a restart would bring {}: the pull brings {}", What(older), brings);
}

std::string NotKnown(const judge::Restart& restart) {
  return "what a restart runs is not known" + (restart.detail.empty() ? "" : ": " + restart.detail);
}

/// `why` says why it pulls, where the policy does not.
std::string UndecidedPullDetail(const judge::Restart& restart, const JudgedTag& tag, const Round& round,
                                const std::string& why) {
  const judge::Pull& pull = tag.result.next_pull.pull;
  const bool only_not_compared = pull.outcome == Outcome::kUndecided && pull.digest && pull.detail.empty();
  return only_not_compared ? UndecidedPull("a restart", pull, RouteOf(tag, round)) + why : NotKnown(restart);
}

std::string PullDetail(const judge::ContainerResult& container, const JudgedTag& tag, const Round& round) {
  const judge::Restart& restart = container.restart;
  // Said where the policy alone would not pull.
  const std::string why = restart.detail.empty() ? "" : "; " + restart.detail;
  const std::string from = restart.host ? " from " + RouteOf(tag, round).hosts[*restart.host]->Url() : "";
  const std::string brings = ShortImage(restart.digest) + from;
  switch (restart.outcome) {
    case Outcome::kFresh:
    case Outcome::kEquivalent:
      return "a restart pulls " + brings + ", the origin's" + why;
    case Outcome::kStale:
      return StalePullDetail(container, tag, round, brings) + why;
    case Outcome::kFails:
      return "it would not start again, the pull fails: " + restart.detail;
    case Outcome::kUndecided:
      break;
  }
  return UndecidedPullDetail(restart, tag, round, why);
}

std::string StaleCacheDetail(const judge::ContainerResult& container, const JudgedTag& tag) {
  const bool same = container.restart.image_id && container.restart.image_id->text() == container.request.image_id;
  if (!same) {
    const bool older = tag.result.age.direction == judge::Direction::kOlder;
    return fmt::format("a restart would bring {}: it starts image {}, which is here", What(older),
                       ShortImage(container.restart.image_id));
  }
  const judge::Pull& pull = tag.result.next_pull.pull;
  const char* elsewhere = IsRight(pull.outcome)             ? "the new one"
                          : pull.outcome == Outcome::kStale ? "what a mirror serves, which is stale too"
                          : pull.outcome == Outcome::kFails ? "none, since the pull fails"
                                                            : "what a pull brings, which is not known";
  return fmt::format("a restart here starts the same image; on a node without it, {}", elsewhere);
}

std::string CacheDetail(const judge::ContainerResult& container, const JudgedTag& tag) {
  const judge::Restart& restart = container.restart;
  const std::string starts = fmt::format("a restart starts image {}, which is here", ShortImage(restart.image_id));
  switch (restart.outcome) {
    case Outcome::kFresh:
    case Outcome::kEquivalent:
      return container.verdict == Verdict::kImmutable ? starts : starts + ", the origin's";
    case Outcome::kStale:
      return StaleCacheDetail(container, tag);
    case Outcome::kFails:
      return "it would not start again: " + restart.detail;
    case Outcome::kUndecided:
      break;
  }
  return starts + (restart.detail.empty() ? ", and nothing says how old that is" : "; " + restart.detail);
}

}  // namespace

std::string ContainerDetail(const judge::ContainerResult& container, const JudgedTag* tag, const Round& round) {
  if (container.verdict == Verdict::kImmutable) return "asked for by digest";
  if (container.verdict == Verdict::kUndecided) return UndecidedDetail(container, tag, round);
  if (tag == nullptr) return "whichever of its candidates it asked for, the verdict is the same";
  const bool runs_tag =
      tag->result.cached_image_id && tag->result.cached_image_id->text() == container.request.image_id;
  switch (container.verdict) {
    case Verdict::kFresh:
      return "runs the image that " + OriginOf(*tag, round) + " has";
    case Verdict::kEquivalent:
      return "runs the same image on this platform as " + OriginOf(*tag, round) + " has";
    default:
      return runs_tag ? Detail(*tag, RouteOf(*tag, round)) : BehindDetail(container, *tag, round);
  }
}

std::string RestartDetail(const judge::ContainerResult& container, const JudgedTag* tag, const Round& round) {
  const judge::Restart& restart = container.restart;
  if (tag == nullptr || (restart.outcome == Outcome::kUndecided && !restart.pulls && !restart.image_id)) {
    return NotKnown(restart);
  }
  return container.restart.pulls ? PullDetail(container, *tag, round) : CacheDetail(container, *tag);
}

std::string PullPolicyText(facts::PullPolicy policy) {
  switch (policy) {
    case facts::PullPolicy::kAlways:
      return "Always";
    case facts::PullPolicy::kIfNotPresent:
      return "IfNotPresent";
    case facts::PullPolicy::kNever:
      return "Never";
  }
  return "";
}

}  // namespace tagdrift::report
