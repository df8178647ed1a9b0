#include "tagdrift/judge/judge.h"

#include <fmt/format.h>

#include <utility>

#include "cause.h"
#include "comparison.h"
#include "fact_lookup.h"
#include "forecast.h"
#include "host_states.h"
#include "image_id.h"
#include "origin.h"
#include "remedies.h"

namespace tagdrift::judge {
namespace {

/// How containerd's record and the CRI's view differ, or which content is missing; empty where they agree.
std::string Disagreement(const facts::CachedImage& image) {
  if (!image.unreadable.empty()) return image.unreadable;
  if (!image.stored) return "";
  if (!image.stored->id) {
    std::string text = image.stored->missing;
    if (image.cri_image_id) text += fmt::format("; the CRI still resolves the name to {}", *image.cri_image_id);
    return text;
  }
  if (!image.cri_image_id) return "containerd's image store has the name, the CRI does not know it";
  if (*image.cri_image_id != image.stored->id->text()) {
    return fmt::format("the CRI resolves the name to {}, containerd's image store to {}", *image.cri_image_id,
                       image.stored->id->text());
  }
  return "";
}

bool IsLocal(const facts::CachedImage& image) {
  return image.provenance == facts::Provenance::kNowhere || image.provenance == facts::Provenance::kElsewhere;
}

/// A single manifest of another platform: it is complete, the CRI resolves it, and it cannot run here.
bool IsForeignManifest(const FactLookup& lookup) {
  const facts::CachedImage& image = lookup.tag().image;
  return image.stored && image.stored->id && image.stored->manifest == image.target && image.stored->platform &&
         !image.stored->platform->os.empty() && !image::Rank(lookup.context().platform, *image.stored->platform);
}

void Undecided(TagResult& result, Cause cause, std::string reason) {
  result.verdict = Verdict::kUndecided;
  result.cause = cause;
  result.reason = std::move(reason);
}

Age CompareAges(FactLookup& lookup, const PlatformImage& cached, const PlatformImage& origins) {
  const std::size_t origin = *lookup.route().origin;
  Age age;
  age.cached_created = FindCreated(lookup, cached, {origin}).created;
  age.origin_created = FindCreated(lookup, origins, {origin}).created;
  if (age.cached_created && age.origin_created && *age.cached_created != *age.origin_created) {
    age.direction = *age.cached_created < *age.origin_created ? Direction::kOlder : Direction::kNewer;
  }
  return age;
}

/// The cached digest is not the origin's: stale unless both mean the same on this platform.
void JudgeDrift(FactLookup& lookup, const OriginView& origin, TagResult& result) {
  const facts::CachedImage& image = lookup.tag().image;
  const std::size_t origin_host = *lookup.route().origin;
  const auto cached = FindPlatformImage(lookup, *image.target, image.media_type, {origin_host});
  const auto wanted = FindPlatformImage(lookup, *origin.digest, origin.media_type, {origin_host});
  if (!cached.image || !wanted.image) {
    const image::Digest& unread = wanted.image ? *image.target : *origin.digest;
    Undecided(result, Cause::kBadAnswer,
              fmt::format("{} could not be read: {}", unread.Short(), wanted.image ? cached.why_not : wanted.why_not));
    return;
  }
  if (Equivalent(*cached.image, *wanted.image)) {
    result.verdict = Verdict::kEquivalent;
    return;
  }
  result.verdict = Verdict::kStale;
  result.age = CompareAges(lookup, *cached.image, *wanted.image);
  result.cause = CauseOfStale(result, lookup.route());
}

void JudgeAgainstOrigin(FactLookup& lookup, const OriginView& origin, TagResult& result) {
  const facts::CachedImage& image = lookup.tag().image;
  const Route& route = lookup.route();
  if (route.origin_is_other_host && IsPublicRegistry(route.config.registry)) {
    Undecided(result, Cause::kOriginIsMirror, route.hosts[*route.origin]->Url());
  } else if (origin.gone) {
    result.verdict = Verdict::kGone;
    result.cause = Cause::kTagDeleted;
    result.reason = origin.reason;
  } else if (!origin.digest) {
    Undecided(result, origin.cause, origin.reason);
  } else if (!image.IsCached()) {
    Undecided(result, Cause::kNotCached, "");
  } else if (!image.target) {
    Undecided(result, Cause::kAmbiguousCache, "");
  } else if (*image.target != *origin.digest) {
    JudgeDrift(lookup, origin, result);
  } else if (IsForeignManifest(lookup)) {
    Undecided(result, Cause::kWrongPlatform, image.stored->platform->Text());
  } else {
    result.verdict = Verdict::kFresh;
  }
  const bool as_good = result.verdict == Verdict::kFresh || result.verdict == Verdict::kEquivalent;
  result.downgrade_risk = as_good && result.next_pull.pull.outcome == Outcome::kStale;
}

/// Nobody can be asked: containerd would fail every pull, or tagdrift could not read what containerd reads.
void JudgeWithoutOrigin(const Route& route, TagResult& result) {
  if (route.config.error) {
    Undecided(result, Cause::kPullWouldFail, *route.config.error);
  } else {
    Undecided(result, Cause::kForecastUnknown,
              route.config.unknown.value_or("containerd has no host for this registry"));
  }
}

std::optional<image::Digest> IdOf(const facts::CachedImage& image) {
  if (image.cri_image_id) return ImageIdFrom(*image.cri_image_id);
  return image.stored ? image.stored->id : std::nullopt;
}

/// What containers are measured by. Asks for more only where one of them uses the tag.
void FindImageIds(FactLookup& lookup, const OriginView& origin, TagResult& result) {
  const facts::CachedImage& image = lookup.tag().image;
  const bool origin_counts = origin.digest && result.cause != Cause::kOriginIsMirror;
  if (origin_counts && image.target == origin.digest && (!image.stored || image.stored->id)) {
    result.origin_image_id = image.stored ? image.stored->id : result.cached_image_id;
  } else if (origin_counts && !image.used_by.empty()) {
    const auto found = FindPlatformImage(lookup, *origin.digest, origin.media_type, {*lookup.route().origin});
    if (found.image) result.origin_image_id = found.image->config;
  }
  Pull& pull = result.next_pull.pull;
  if (!pull.digest || pull.image_id) return;
  if (pull.digest == origin.digest) {
    pull.image_id = result.origin_image_id;
  } else if (pull.digest == image.target && image.stored) {
    pull.image_id = image.stored->id;
  }
}

TagResult Evaluate(FactLookup& lookup) {
  TagResult result;
  const facts::CachedImage& image = lookup.tag().image;
  const Route& route = lookup.route();
  result.hosts.resize(route.hosts.size());
  result.cached_image_id = IdOf(image);
  if (image.reference.digest()) {
    result.verdict = Verdict::kImmutable;
    return result;
  }
  std::string disagreement = Disagreement(image);
  // Of what is no image nothing says where it was made.
  const bool no_image = image.stored && image.stored->no_image;
  const bool local = IsLocal(image) && !no_image;
  if (local && !lookup.context().ask_local) {
    result.verdict = Verdict::kLocal;
    result.next_pull.pull.detail = "its registry is asked only with --ask-local";
  } else if (!route.origin) {
    result.next_pull = ForecastPull(lookup, {});
    JudgeWithoutOrigin(route, result);
  } else {
    const OriginView origin = JudgeOrigin(lookup);
    result.origin_digest = origin.digest;
    result.next_pull = ForecastPull(lookup, origin);
    result.hosts = JudgeHosts(lookup, origin);
    if (local && !origin.digest) {
      result.verdict = Verdict::kLocal;
    } else if (!no_image) {
      JudgeAgainstOrigin(lookup, origin, result);
    }
    result.cause = PreferIgnoredConfiguration(result.cause, result.next_pull.pull, route);
    FindImageIds(lookup, origin, result);
  }
  if (no_image) {
    result.verdict = Verdict::kStale;
    result.cause = Cause::kNotAnImage;
    result.reason = std::move(disagreement);
  } else if (!disagreement.empty()) {
    Undecided(result, Cause::kNodeDisagrees, std::move(disagreement));
    result.downgrade_risk = false;
  }
  const bool drifted = result.verdict == Verdict::kStale || result.verdict == Verdict::kGone;
  if (drifted) result.first_seen = lookup.tag().history.drift_first_seen;
  return result;
}

}  // namespace

std::vector<MissingFact> Missing(const TagFacts& tag, const Route& route, const Context& context) {
  FactLookup lookup(tag, route, context);
  Evaluate(lookup);
  return lookup.needs();
}

TagResult JudgeTag(const TagFacts& tag, const Route& route, const Context& context) {
  FactLookup lookup(tag, route, context);
  TagResult result = Evaluate(lookup);
  result.remedies = Remedies(tag, route, context, result);
  return result;
}

std::set<std::size_t> SecondLook(const TagFacts& tag, const Route& route, const TagResult& result) {
  std::set<std::size_t> hosts;
  const bool settled = result.verdict == Verdict::kFresh && !result.downgrade_risk;
  if (tag.second_look || settled || !route.origin) return hosts;
  const HostResult& origin = result.hosts[*route.origin];
  if (!origin.digest && origin.state != HostState::kMissing) return hosts;
  hosts.insert(route.same_requests_as[*route.origin]);
  for (std::size_t i = 0; i < result.hosts.size(); ++i) {
    if (result.hosts[i].digest && result.hosts[i].digest != origin.digest) hosts.insert(route.same_requests_as[i]);
  }
  return hosts;
}

}  // namespace tagdrift::judge
