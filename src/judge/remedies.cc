#include "tagdrift/judge/remedies.h"

namespace tagdrift::judge {
namespace {

Remedy Of(RemedyKind kind) {
  Remedy remedy;
  remedy.kind = kind;
  return remedy;
}

Remedy AtHost(RemedyKind kind, std::optional<std::size_t> host) {
  Remedy remedy = Of(kind);
  remedy.host = host;
  return remedy;
}

Remedy Fix(const hosts::Note& note) {
  Remedy remedy = Of(RemedyKind::kFixHostsToml);
  remedy.file = note.file;
  remedy.line = note.line;
  remedy.what = note.detail;
  return remedy;
}

/// The line of the configuration that makes every pull fail.
std::vector<Remedy> FixConfiguration(const Route& route) {
  for (const hosts::Note& note : route.config.notes) {
    if (hosts::SeverityOf(note.kind) == hosts::Severity::kPullFails) return {Fix(note)};
  }
  return {Of(RemedyKind::kNone)};
}

Remedy WaitFor(const Route& route, const TagResult& result) {
  Remedy remedy = AtHost(RemedyKind::kWait, route.origin);
  const auto& answer = result.hosts[*route.origin].answer;
  if (answer) remedy.until = answer->retry_at;
  return remedy;
}

/// The host at which the walk stopped for want of credentials.
std::optional<std::size_t> DeniedHost(const TagResult& result) {
  for (const hosts::WalkStep& step : result.next_pull.walk) {
    if (step.why == hosts::WalkReason::kDenied) return step.host;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Remedy> Remedies(const Route& route, const TagResult& result) {
  switch (result.cause) {
    case Cause::kNone:
      if (result.downgrade_risk) return {AtHost(RemedyKind::kPurgeMirror, result.next_pull.pull.host)};
      return {Of(RemedyKind::kNone)};
    case Cause::kStaleMirror:
    case Cause::kMirrorDiffers:
      return {AtHost(RemedyKind::kPurgeMirror, result.next_pull.pull.host), Of(RemedyKind::kRefresh)};
    case Cause::kTagMoved:
    case Cause::kNodeDisagrees:
      return {Of(RemedyKind::kRefresh)};
    case Cause::kOriginIsMirror:
      return {AtHost(RemedyKind::kNameOrigin, route.origin)};
    case Cause::kUnauthorized:
      return {AtHost(RemedyKind::kProvideCredentials, route.origin)};
    case Cause::kRateLimited:
      return {WaitFor(route, result)};
    case Cause::kPullWouldFail:
      return FixConfiguration(route);
    case Cause::kMirrorConfigIgnored:
      return {Fix(*IgnoredConfiguration(route.config))};
    case Cause::kForecastUnknown:
      if (const auto host = DeniedHost(result)) return {AtHost(RemedyKind::kProvideCredentials, host)};
      return {Of(RemedyKind::kNone)};
    case Cause::kOriginUnreachable:
    case Cause::kBadAnswer:
    case Cause::kAmbiguousCache:
    case Cause::kTagDeleted:
    case Cause::kWrongPlatform:
      return {Of(RemedyKind::kNone)};
  }
  return {};
}

}  // namespace tagdrift::judge
