#include "enums.h"

namespace tagdrift::report {

v1::Verdict ToProto(judge::Verdict verdict) {
  switch (verdict) {
    case judge::Verdict::kFresh:
      return v1::VERDICT_FRESH;
    case judge::Verdict::kEquivalent:
      return v1::VERDICT_EQUIVALENT;
    case judge::Verdict::kStale:
      return v1::VERDICT_STALE;
    case judge::Verdict::kGone:
      return v1::VERDICT_GONE;
    case judge::Verdict::kLocal:
      return v1::VERDICT_LOCAL;
    case judge::Verdict::kImmutable:
      return v1::VERDICT_IMMUTABLE;
    case judge::Verdict::kUndecided:
      return v1::VERDICT_UNDECIDED;
  }
  return v1::VERDICT_UNSPECIFIED;
}

v1::Cause ToProto(judge::Cause cause) {
  switch (cause) {
    case judge::Cause::kNone:
      return v1::CAUSE_NONE;
    case judge::Cause::kNodeDisagrees:
      return v1::CAUSE_NODE_DISAGREES;
    case judge::Cause::kOriginIsMirror:
      return v1::CAUSE_ORIGIN_IS_MIRROR;
    case judge::Cause::kUnauthorized:
      return v1::CAUSE_UNAUTHORIZED;
    case judge::Cause::kRateLimited:
      return v1::CAUSE_RATE_LIMITED;
    case judge::Cause::kOriginUnreachable:
      return v1::CAUSE_ORIGIN_UNREACHABLE;
    case judge::Cause::kBadAnswer:
      return v1::CAUSE_BAD_ANSWER;
    case judge::Cause::kAmbiguousCache:
      return v1::CAUSE_AMBIGUOUS_CACHE;
    case judge::Cause::kTagDeleted:
      return v1::CAUSE_TAG_DELETED;
    case judge::Cause::kWrongPlatform:
      return v1::CAUSE_WRONG_PLATFORM;
    case judge::Cause::kPullWouldFail:
      return v1::CAUSE_PULL_WOULD_FAIL;
    case judge::Cause::kStaleMirror:
      return v1::CAUSE_STALE_MIRROR;
    case judge::Cause::kMirrorDiffers:
      return v1::CAUSE_MIRROR_DIFFERS;
    case judge::Cause::kTagMoved:
      return v1::CAUSE_TAG_MOVED;
    case judge::Cause::kForecastUnknown:
      return v1::CAUSE_FORECAST_UNKNOWN;
    case judge::Cause::kMirrorConfigIgnored:
      return v1::CAUSE_MIRROR_CONFIG_IGNORED;
    case judge::Cause::kNotAnImage:
      return v1::CAUSE_NOT_AN_IMAGE;
    case judge::Cause::kNotCached:
      return v1::CAUSE_NOT_CACHED;
  }
  return v1::CAUSE_UNSPECIFIED;
}

v1::HostState ToProto(judge::HostState state) {
  switch (state) {
    case judge::HostState::kInSync:
      return v1::HOST_STATE_IN_SYNC;
    case judge::HostState::kEquivalent:
      return v1::HOST_STATE_EQUIVALENT;
    case judge::HostState::kBehind:
      return v1::HOST_STATE_BEHIND;
    case judge::HostState::kDifferent:
      return v1::HOST_STATE_DIFFERENT;
    case judge::HostState::kMissing:
      return v1::HOST_STATE_MISSING;
    case judge::HostState::kBroken:
      return v1::HOST_STATE_BROKEN;
    case judge::HostState::kDenied:
      return v1::HOST_STATE_DENIED;
    case judge::HostState::kRateLimited:
      return v1::HOST_STATE_RATE_LIMITED;
    case judge::HostState::kUnreachable:
      return v1::HOST_STATE_UNREACHABLE;
    case judge::HostState::kBadAnswer:
      return v1::HOST_STATE_BAD_ANSWER;
    case judge::HostState::kNotAsked:
      return v1::HOST_STATE_NOT_ASKED;
    case judge::HostState::kUndecided:
      return v1::HOST_STATE_UNDECIDED;
  }
  return v1::HOST_STATE_UNSPECIFIED;
}

v1::Outcome ToProto(judge::Outcome outcome) {
  switch (outcome) {
    case judge::Outcome::kFresh:
      return v1::OUTCOME_FRESH;
    case judge::Outcome::kEquivalent:
      return v1::OUTCOME_EQUIVALENT;
    case judge::Outcome::kStale:
      return v1::OUTCOME_STALE;
    case judge::Outcome::kFails:
      return v1::OUTCOME_FAILS;
    case judge::Outcome::kUndecided:
      return v1::OUTCOME_UNDECIDED;
  }
  return v1::OUTCOME_UNSPECIFIED;
}

v1::Credentials ToProto(judge::Credentials credentials) {
  switch (credentials) {
    case judge::Credentials::kNotNeeded:
      return v1::CREDENTIALS_NOT_NEEDED;
    case judge::Credentials::kAssumed:
      return v1::CREDENTIALS_ASSUMED;
    case judge::Credentials::kMissing:
      return v1::CREDENTIALS_MISSING;
  }
  return v1::CREDENTIALS_UNSPECIFIED;
}

v1::Direction ToProto(judge::Direction direction) {
  switch (direction) {
    case judge::Direction::kOlder:
      return v1::DIRECTION_OLDER;
    case judge::Direction::kNewer:
      return v1::DIRECTION_NEWER;
    case judge::Direction::kUnknown:
      return v1::DIRECTION_UNKNOWN;
  }
  return v1::DIRECTION_UNSPECIFIED;
}

v1::OriginSource ToProto(judge::OriginSource source) {
  switch (source) {
    case judge::OriginSource::kServer:
      return v1::ORIGIN_SOURCE_SERVER;
    case judge::OriginSource::kDefault:
      return v1::ORIGIN_SOURCE_DEFAULT;
    case judge::OriginSource::kConfigured:
      return v1::ORIGIN_SOURCE_CONFIGURED;
  }
  return v1::ORIGIN_SOURCE_UNSPECIFIED;
}

v1::RemedyKind ToProto(judge::RemedyKind kind) {
  switch (kind) {
    case judge::RemedyKind::kNone:
      return v1::REMEDY_KIND_NONE;
    case judge::RemedyKind::kPurgeMirror:
      return v1::REMEDY_KIND_PURGE_MIRROR;
    case judge::RemedyKind::kFixHostsToml:
      return v1::REMEDY_KIND_FIX_HOSTS_TOML;
    case judge::RemedyKind::kRefresh:
      return v1::REMEDY_KIND_REFRESH;
    case judge::RemedyKind::kProvideCredentials:
      return v1::REMEDY_KIND_PROVIDE_CREDENTIALS;
    case judge::RemedyKind::kNameOrigin:
      return v1::REMEDY_KIND_NAME_ORIGIN;
    case judge::RemedyKind::kWait:
      return v1::REMEDY_KIND_WAIT;
    case judge::RemedyKind::kRestartWorkload:
      return v1::REMEDY_KIND_RESTART_WORKLOAD;
    case judge::RemedyKind::kPinDigest:
      return v1::REMEDY_KIND_PIN_DIGEST;
    case judge::RemedyKind::kSetPullPolicy:
      return v1::REMEDY_KIND_SET_PULL_POLICY;
  }
  return v1::REMEDY_KIND_UNSPECIFIED;
}

v1::HostRole ToProto(hosts::HostRole role) {
  switch (role) {
    case hosts::HostRole::kMirror:
      return v1::HOST_ROLE_MIRROR;
    case hosts::HostRole::kServer:
      return v1::HOST_ROLE_SERVER;
    case hosts::HostRole::kDefault:
      return v1::HOST_ROLE_DEFAULT;
    case hosts::HostRole::kConfigured:
      return v1::HOST_ROLE_CONFIGURED;
  }
  return v1::HOST_ROLE_UNSPECIFIED;
}

v1::WalkReason ToProto(hosts::WalkReason why) {
  switch (why) {
    case hosts::WalkReason::kAccepted:
      return v1::WALK_REASON_ACCEPTED;
    case hosts::WalkReason::kNoCapability:
      return v1::WALK_REASON_NO_CAPABILITY;
    case hosts::WalkReason::kNotFound:
      return v1::WALK_REASON_NOT_FOUND;
    case hosts::WalkReason::kStatus:
      return v1::WALK_REASON_STATUS;
    case hosts::WalkReason::kTransport:
      return v1::WALK_REASON_TRANSPORT;
    case hosts::WalkReason::kTooLarge:
      return v1::WALK_REASON_TOO_LARGE;
    case hosts::WalkReason::kInvalidDigest:
      return v1::WALK_REASON_INVALID_DIGEST;
    case hosts::WalkReason::kRedirect:
      return v1::WALK_REASON_REDIRECT;
    case hosts::WalkReason::kFollowUpFailed:
      return v1::WALK_REASON_FOLLOW_UP_FAILED;
    case hosts::WalkReason::kWrongContent:
      return v1::WALK_REASON_WRONG_CONTENT;
    case hosts::WalkReason::kDenied:
      return v1::WALK_REASON_DENIED;
    case hosts::WalkReason::kNotConcluded:
      return v1::WALK_REASON_NOT_CONCLUDED;
  }
  return v1::WALK_REASON_UNSPECIFIED;
}

v1::NoteKind ToProto(hosts::NoteKind kind) {
  switch (kind) {
    case hosts::NoteKind::kFileIgnored:
      return v1::NOTE_KIND_FILE_IGNORED;
    case hosts::NoteKind::kHostIgnored:
      return v1::NOTE_KIND_HOST_IGNORED;
    case hosts::NoteKind::kHostListedTwice:
      return v1::NOTE_KIND_HOST_LISTED_TWICE;
    case hosts::NoteKind::kUnknownKey:
      return v1::NOTE_KIND_UNKNOWN_KEY;
    case hosts::NoteKind::kUnknownCapability:
      return v1::NOTE_KIND_UNKNOWN_CAPABILITY;
    case hosts::NoteKind::kMirrorMayResolve:
      return v1::NOTE_KIND_MIRROR_MAY_RESOLVE;
    case hosts::NoteKind::kCertificateUnreadable:
      return v1::NOTE_KIND_CERTIFICATE_UNREADABLE;
    case hosts::NoteKind::kUpstreamIsLastResort:
      return v1::NOTE_KIND_UPSTREAM_IS_LAST_RESORT;
    case hosts::NoteKind::kUpstreamNeverAsked:
      return v1::NOTE_KIND_UPSTREAM_NEVER_ASKED;
    case hosts::NoteKind::kTopLevelIgnored:
      return v1::NOTE_KIND_TOP_LEVEL_IGNORED;
    case hosts::NoteKind::kConfigPathNotSplit:
      return v1::NOTE_KIND_CONFIG_PATH_NOT_SPLIT;
    case hosts::NoteKind::kDefaultHidesRoot:
      return v1::NOTE_KIND_DEFAULT_HIDES_ROOT;
    case hosts::NoteKind::kDirectoryNeverMatches:
      return v1::NOTE_KIND_DIRECTORY_NEVER_MATCHES;
    case hosts::NoteKind::kLegacyMirrorsIgnored:
      return v1::NOTE_KIND_LEGACY_MIRRORS_IGNORED;
    case hosts::NoteKind::kCredentialsForMirror:
      return v1::NOTE_KIND_CREDENTIALS_FOR_MIRROR;
    case hosts::NoteKind::kRestartPending:
      return v1::NOTE_KIND_RESTART_PENDING;
    case hosts::NoteKind::kUnreadable:
      return v1::NOTE_KIND_UNREADABLE;
    case hosts::NoteKind::kLimitExceeded:
      return v1::NOTE_KIND_LIMIT_EXCEEDED;
    case hosts::NoteKind::kPullFails:
      return v1::NOTE_KIND_PULL_FAILS;
    case hosts::NoteKind::kSettingsNotRead:
      return v1::NOTE_KIND_SETTINGS_NOT_READ;
    case hosts::NoteKind::kDirectoryMissing:
      return v1::NOTE_KIND_DIRECTORY_MISSING;
    case hosts::NoteKind::kProxiesUnknown:
      return v1::NOTE_KIND_PROXIES_UNKNOWN;
  }
  return v1::NOTE_KIND_UNSPECIFIED;
}

v1::Severity ToProto(hosts::Severity severity) {
  switch (severity) {
    case hosts::Severity::kInfo:
      return v1::SEVERITY_INFO;
    case hosts::Severity::kWarning:
      return v1::SEVERITY_WARNING;
    case hosts::Severity::kMirrorUnused:
      return v1::SEVERITY_MIRROR_UNUSED;
    case hosts::Severity::kPullFails:
      return v1::SEVERITY_PULL_FAILS;
  }
  return v1::SEVERITY_UNSPECIFIED;
}

v1::PullPath ToProto(hosts::PullPath path) {
  switch (path) {
    case hosts::PullPath::kLocal:
      return v1::PULL_PATH_LOCAL;
    case hosts::PullPath::kTransfer:
      return v1::PULL_PATH_TRANSFER;
  }
  return v1::PULL_PATH_UNSPECIFIED;
}

v1::Access ToProto(hosts::Access access) {
  switch (access) {
    case hosts::Access::kOpen:
      return v1::ACCESS_OPEN;
    case hosts::Access::kAnonymousToken:
      return v1::ACCESS_ANONYMOUS_TOKEN;
    case hosts::Access::kCredentials:
      return v1::ACCESS_CREDENTIALS;
    case hosts::Access::kDenied:
      return v1::ACCESS_DENIED;
  }
  return v1::ACCESS_UNSPECIFIED;
}

v1::UseBasis ToProto(facts::UseBasis basis) {
  switch (basis) {
    case facts::UseBasis::kRequested:
      return v1::USE_BASIS_REQUESTED;
    case facts::UseBasis::kSameImage:
      return v1::USE_BASIS_SAME_IMAGE;
  }
  return v1::USE_BASIS_UNSPECIFIED;
}

v1::RequestSource ToProto(judge::RequestSource source) {
  switch (source) {
    case judge::RequestSource::kUnknown:
      return v1::REQUEST_SOURCE_UNKNOWN;
    case judge::RequestSource::kRuntime:
      return v1::REQUEST_SOURCE_RUNTIME;
    case judge::RequestSource::kPodSpec:
      return v1::REQUEST_SOURCE_POD_SPEC;
    case judge::RequestSource::kRecord:
      return v1::REQUEST_SOURCE_RECORD;
  }
  return v1::REQUEST_SOURCE_UNSPECIFIED;
}

v1::ContainerRole ToProto(facts::ContainerRole role) {
  switch (role) {
    case facts::ContainerRole::kMain:
      return v1::CONTAINER_ROLE_MAIN;
    case facts::ContainerRole::kInit:
      return v1::CONTAINER_ROLE_INIT;
    case facts::ContainerRole::kSidecar:
      return v1::CONTAINER_ROLE_SIDECAR;
    case facts::ContainerRole::kEphemeral:
      return v1::CONTAINER_ROLE_EPHEMERAL;
  }
  return v1::CONTAINER_ROLE_UNSPECIFIED;
}

}  // namespace tagdrift::report
