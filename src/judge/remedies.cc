#include "remedies.h"

#include <set>
#include <utility>

#include "comparison.h"
#include "fact_lookup.h"
#include "forecast.h"
#include "origin.h"

namespace tagdrift::judge {
namespace {

Remedy Of(RemedyKind kind, std::optional<std::size_t> host = std::nullopt) {
  Remedy remedy;
  remedy.kind = kind;
  remedy.host = host;
  return remedy;
}

Remedy Change(Fix fix, const Route& route, std::size_t host) {
  Remedy remedy = Of(RemedyKind::kFixHostsToml, host);
  remedy.fix = fix;
  remedy.file = route.hosts[host]->file;
  remedy.line = route.hosts[host]->line;
  return remedy;
}

Remedy AsNoted(const hosts::Note& note) {
  Remedy remedy = Of(RemedyKind::kFixHostsToml);
  remedy.file = note.file;
  remedy.line = note.line;
  remedy.what = note.detail;
  return remedy;
}

/// The host at which the walk stopped for want of credentials.
std::optional<std::size_t> DeniedHost(const TagResult& result) {
  for (const hosts::WalkStep& step : result.next_pull.walk) {
    if (step.why == hosts::WalkReason::kDenied) return step.host;
  }
  return std::nullopt;
}

/// Tries changes on the facts that are recorded: whatever they lack stays unasked.
class Adviser {
 public:
  Adviser(const TagFacts& tag, const Route& route, const Context& context, const TagResult& result)
      : route_(route), result_(result), lookup_(tag, route, context) {
    if (route.origin) origin_ = JudgeOrigin(lookup_);
  }

  std::vector<Remedy> All() {
    std::vector<Remedy> remedies;
    if (NextPullIsStale()) AddForMirrors(remedies);
    AddForCause(remedies);
    if (remedies.empty()) remedies.push_back(Of(RemedyKind::kNone));
    return remedies;
  }

 private:
  bool NextPullIsStale() const {
    return origin_.digest && IsOriginTrusted() && result_.next_pull.pull.outcome == Outcome::kStale;
  }

  /// False where all that is asked is a mirror of a well-known registry, and nobody has said that it counts.
  bool IsOriginTrusted() const { return !route_.origin_is_other_host || !IsPublicRegistry(route_.config.registry); }

  void AddForMirrors(std::vector<Remedy>& remedies) {
    const std::set<std::size_t> hosts = HostsToPass();
    for (const std::size_t host : hosts) remedies.push_back(Change(Fix::kTakeResolve, route_, host));
    // Where that one host alone is in the way, the pull is right once it has forgotten the tag.
    if (hosts.size() == 1 && StateOf(*hosts.begin()) == HostState::kBehind) {
      remedies.push_back(Of(RemedyKind::kPurgeMirror, *hosts.begin()));
    }
  }

  /// The mirrors without whose word on the tag the pull is right: the one that serves it now, and those after it that
  /// are not known to be right. Empty where nothing shows that it would be.
  std::set<std::size_t> HostsToPass() {
    std::set<std::size_t> passed;
    for (;;) {
      const PullWithout next = ForecastPullWithout(lookup_, origin_, passed);
      if (IsRight(next.pull)) return passed;
      const std::optional<std::size_t> host = next.pull.digest ? next.pull.host : next.unasked;
      if (!host || route_.hosts[*host]->role != hosts::HostRole::kMirror) return {};
      const bool serves_another = next.pull.digest && StateOf(*host) != HostState::kInSync;
      if (!serves_another && !next.unasked) return {};
      passed.insert(*host);
    }
  }

  HostState StateOf(std::size_t host) const { return result_.hosts[route_.same_requests_as[host]].state; }

  /// A pull that is undecided without a reason is one whose content was not asked for.
  bool IsRight(const Pull& pull) {
    if (pull.outcome == Outcome::kFresh || pull.outcome == Outcome::kEquivalent) return true;
    if (pull.outcome != Outcome::kUndecided || !pull.detail.empty() || !pull.digest) return false;
    const HostState state = StateOf(*pull.host);
    return (state == HostState::kInSync || state == HostState::kEquivalent) && MayRunHere();
  }

  void AddForCause(std::vector<Remedy>& remedies) {
    switch (result_.cause) {
      case Cause::kStaleMirror:
      case Cause::kMirrorDiffers:
      case Cause::kTagMoved:
      case Cause::kNodeDisagrees:
      case Cause::kNotAnImage:
      case Cause::kOriginIsMirror:
        AddRefresh(remedies);
        return;
      case Cause::kWrongPlatform:
        if (result_.verdict == Verdict::kStale) AddRefresh(remedies);
        return;
      case Cause::kUnauthorized:
        remedies.push_back(Of(RemedyKind::kProvideCredentials, route_.origin));
        return;
      case Cause::kRateLimited:
        remedies.push_back(Wait());
        return;
      case Cause::kOriginUnreachable:
        AddForUnreachable(remedies);
        return;
      case Cause::kPullWouldFail:
        AddForPullFails(remedies);
        return;
      case Cause::kMirrorConfigIgnored:
        remedies.push_back(AsNoted(*IgnoredConfiguration(route_.config)));
        return;
      case Cause::kForecastUnknown:
        if (const auto host = DeniedHost(result_)) remedies.push_back(Of(RemedyKind::kProvideCredentials, host));
        return;
      case Cause::kNone:
      case Cause::kBadAnswer:
      case Cause::kAmbiguousCache:
      case Cause::kNotCached:
      case Cause::kTagDeleted:
        return;
    }
  }

  /// Whose image it is to be has to be said first where that is not plain.
  void AddRefresh(std::vector<Remedy>& remedies) {
    if (!IsOriginTrusted()) {
      remedies.push_back(Of(RemedyKind::kNameOrigin));
      remedies.push_back(Of(RemedyKind::kNameOrigin, route_.origin));
    } else if (MayRunHere()) {
      remedies.push_back(Refresh());
    }
  }

  /// False where the origin's image is not known, or known to be none for this node.
  bool MayRunHere() {
    if (!origin_.digest) return false;
    const auto origins = FindPlatformImage(lookup_, *origin_.digest, origin_.media_type, {*route_.origin});
    if (!origins.image) return true;
    if (!origins.image->manifest) return false;
    const auto config = lookup_.Config(*origins.image->config, {*route_.origin});
    if (!config || config.value->platform.os.empty()) return true;
    return image::Rank(lookup_.context().platform, config.value->platform).has_value();
  }

  Remedy Refresh() const {
    Remedy remedy = Of(RemedyKind::kRefresh);
    remedy.goes_back = result_.age.direction == Direction::kNewer;
    const auto& answer = result_.hosts[*route_.origin].answer;
    remedy.is_private = answer && answer->access == hosts::Access::kCredentials;
    return remedy;
  }

  Remedy Wait() const {
    Remedy remedy = Of(RemedyKind::kWait, route_.origin);
    const auto& answer = result_.hosts[*route_.origin].answer;
    if (answer) remedy.until = answer->retry_at;
    return remedy;
  }

  void AddForUnreachable(std::vector<Remedy>& remedies) const {
    const auto& answer = result_.hosts[*route_.origin].answer;
    if (answer && answer->untrusted) {
      const bool has_table = route_.hosts[*route_.origin]->role != hosts::HostRole::kConfigured;
      if (has_table) remedies.push_back(Change(Fix::kTrustCa, route_, *route_.origin));
      return;
    }
    // On a node without a way to the internet, what a mirror says can only be compared with itself.
    const std::optional<std::size_t>& host = result_.next_pull.pull.host;
    const bool is_free = route_.origin_source != OriginSource::kConfigured && host && host != route_.origin;
    if (is_free && IsPublicRegistry(route_.config.registry)) {
      remedies.push_back(Of(RemedyKind::kNameOrigin, host));
    }
  }

  /// The line of the configuration that makes every pull fail.
  void AddForPullFails(std::vector<Remedy>& remedies) const {
    for (const hosts::Note& note : route_.config.notes) {
      if (hosts::SeverityOf(note.kind) != hosts::Severity::kPullFails) continue;
      remedies.push_back(AsNoted(note));
      return;
    }
  }

  const Route& route_;
  const TagResult& result_;
  FactLookup lookup_;
  OriginView origin_;
};

}  // namespace

std::vector<Remedy> Remedies(const TagFacts& tag, const Route& route, const Context& context, const TagResult& result) {
  if (tag.image.reference.digest()) return {};
  return Adviser(tag, route, context, result).All();
}

}  // namespace tagdrift::judge
