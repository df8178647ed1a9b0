#include "cause.h"

namespace tagdrift::judge {
namespace {

/// Causes that do not arise where a mirror serves the pull.
bool ComesFromThePull(Cause cause) {
  switch (cause) {
    case Cause::kUnauthorized:
    case Cause::kRateLimited:
    case Cause::kOriginUnreachable:
    case Cause::kBadAnswer:
    case Cause::kPullWouldFail:
    case Cause::kStaleMirror:
    case Cause::kMirrorDiffers:
    case Cause::kForecastUnknown:
      return true;
    case Cause::kNone:
    case Cause::kNodeDisagrees:
    case Cause::kOriginIsMirror:
    case Cause::kAmbiguousCache:
    case Cause::kTagDeleted:
    case Cause::kWrongPlatform:
    case Cause::kTagMoved:
    case Cause::kMirrorConfigIgnored:
    case Cause::kNotAnImage:
    case Cause::kNotCached:
      return false;
  }
  return false;
}

}  // namespace

Cause CauseOfStale(const TagResult& result, const Route& route) {
  if (result.next_pull.wrong_platform) return Cause::kWrongPlatform;
  switch (result.next_pull.pull.outcome) {
    case Outcome::kFails:
      return Cause::kPullWouldFail;
    case Outcome::kFresh:
    case Outcome::kEquivalent:
      return Cause::kTagMoved;
    case Outcome::kUndecided:
      return Cause::kForecastUnknown;
    case Outcome::kStale:
      break;
  }
  const std::size_t server = route.same_requests_as[*result.next_pull.pull.host];
  return result.hosts[server].state == HostState::kBehind ? Cause::kStaleMirror : Cause::kMirrorDiffers;
}

Cause PreferIgnoredConfiguration(Cause cause, const Pull& pull, const Route& route) {
  const bool pull_is_right = pull.outcome == Outcome::kFresh || pull.outcome == Outcome::kEquivalent;
  if (pull_is_right || !ComesFromThePull(cause) || IgnoredConfiguration(route.config) == nullptr) return cause;
  return Cause::kMirrorConfigIgnored;
}

}  // namespace tagdrift::judge
