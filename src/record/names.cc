#include "names.h"

namespace tagdrift::record {

const char* Name(facts::UseBasis value) {
  switch (value) {
    case facts::UseBasis::kRequested:
      return "requested";
    case facts::UseBasis::kSameImage:
      return "same_image";
  }
  return nullptr;
}

const char* Name(facts::Provenance value) {
  switch (value) {
    case facts::Provenance::kThisRepository:
      return "this_repository";
    case facts::Provenance::kElsewhere:
      return "elsewhere";
    case facts::Provenance::kNowhere:
      return "nowhere";
    case facts::Provenance::kUnknown:
      return "unknown";
  }
  return nullptr;
}

const char* Name(facts::ContainerRole value) {
  switch (value) {
    case facts::ContainerRole::kMain:
      return "main";
    case facts::ContainerRole::kInit:
      return "init";
    case facts::ContainerRole::kSidecar:
      return "sidecar";
    case facts::ContainerRole::kEphemeral:
      return "ephemeral";
  }
  return nullptr;
}

const char* Name(facts::PullPolicy value) {
  switch (value) {
    case facts::PullPolicy::kAlways:
      return "always";
    case facts::PullPolicy::kIfNotPresent:
      return "if_not_present";
    case facts::PullPolicy::kNever:
      return "never";
  }
  return nullptr;
}

const char* Name(facts::PodSource value) {
  switch (value) {
    case facts::PodSource::kNone:
      return "none";
    case facts::PodSource::kKubelet:
      return "kubelet";
    case facts::PodSource::kApi:
      return "api";
  }
  return nullptr;
}

const char* Name(facts::Verification value) {
  switch (value) {
    case facts::Verification::kOff:
      return "off";
    case facts::Verification::kOn:
      return "on";
    case facts::Verification::kUnknown:
      return "unknown";
  }
  return nullptr;
}

const char* Name(facts::VerificationPolicy value) {
  switch (value) {
    case facts::VerificationPolicy::kNeverVerify:
      return "never_verify";
    case facts::VerificationPolicy::kNeverVerifyPreloadedImages:
      return "never_verify_preloaded_images";
    case facts::VerificationPolicy::kNeverVerifyAllowlistedImages:
      return "never_verify_allowlisted_images";
    case facts::VerificationPolicy::kAlwaysVerify:
      return "always_verify";
    case facts::VerificationPolicy::kUnknown:
      return "unknown";
  }
  return nullptr;
}

const char* Name(hosts::Failure value) {
  switch (value) {
    case hosts::Failure::kNone:
      return "none";
    case hosts::Failure::kName:
      return "name";
    case hosts::Failure::kConnect:
      return "connect";
    case hosts::Failure::kTls:
      return "tls";
    case hosts::Failure::kTimeout:
      return "timeout";
    case hosts::Failure::kClosed:
      return "closed";
    case hosts::Failure::kRedirectLoop:
      return "redirect_loop";
    case hosts::Failure::kToken:
      return "token";
    case hosts::Failure::kUnusable:
      return "unusable";
    case hosts::Failure::kRefusedRedirect:
      return "refused_redirect";
    case hosts::Failure::kRefusedRealm:
      return "refused_realm";
    case hosts::Failure::kDeadline:
      return "deadline";
    case hosts::Failure::kBudget:
      return "budget";
  }
  return nullptr;
}

const char* Name(hosts::Access value) {
  switch (value) {
    case hosts::Access::kOpen:
      return "open";
    case hosts::Access::kAnonymousToken:
      return "anonymous_token";
    case hosts::Access::kCredentials:
      return "credentials";
    case hosts::Access::kDenied:
      return "denied";
  }
  return nullptr;
}

const char* Name(hosts::Product value) {
  switch (value) {
    case hosts::Product::kUnknown:
      return "unknown";
    case hosts::Product::kDistribution:
      return "distribution";
    case hosts::Product::kHarbor:
      return "harbor";
    case hosts::Product::kNexus:
      return "nexus";
    case hosts::Product::kArtifactory:
      return "artifactory";
    case hosts::Product::kSpegel:
      return "spegel";
  }
  return nullptr;
}

const char* Name(hosts::PullPath value) {
  switch (value) {
    case hosts::PullPath::kLocal:
      return "local";
    case hosts::PullPath::kTransfer:
      return "transfer";
  }
  return nullptr;
}

const char* Name(hosts::NoteKind value) {
  switch (value) {
    case hosts::NoteKind::kFileIgnored:
      return "file_ignored";
    case hosts::NoteKind::kHostIgnored:
      return "host_ignored";
    case hosts::NoteKind::kHostListedTwice:
      return "host_listed_twice";
    case hosts::NoteKind::kUnknownKey:
      return "unknown_key";
    case hosts::NoteKind::kUnknownCapability:
      return "unknown_capability";
    case hosts::NoteKind::kMirrorMayResolve:
      return "mirror_may_resolve";
    case hosts::NoteKind::kCertificateUnreadable:
      return "certificate_unreadable";
    case hosts::NoteKind::kUpstreamIsLastResort:
      return "upstream_is_last_resort";
    case hosts::NoteKind::kUpstreamNeverAsked:
      return "upstream_never_asked";
    case hosts::NoteKind::kTopLevelIgnored:
      return "top_level_ignored";
    case hosts::NoteKind::kConfigPathNotSplit:
      return "config_path_not_split";
    case hosts::NoteKind::kDefaultHidesRoot:
      return "default_hides_root";
    case hosts::NoteKind::kDirectoryNeverMatches:
      return "directory_never_matches";
    case hosts::NoteKind::kLegacyMirrorsIgnored:
      return "legacy_mirrors_ignored";
    case hosts::NoteKind::kCredentialsForMirror:
      return "credentials_for_mirror";
    case hosts::NoteKind::kRestartPending:
      return "restart_pending";
    case hosts::NoteKind::kUnreadable:
      return "unreadable";
    case hosts::NoteKind::kLimitExceeded:
      return "limit_exceeded";
    case hosts::NoteKind::kPullFails:
      return "pull_fails";
    case hosts::NoteKind::kSettingsNotRead:
      return "settings_not_read";
    case hosts::NoteKind::kDirectoryMissing:
      return "directory_missing";
    case hosts::NoteKind::kProxiesUnknown:
      return "proxies_unknown";
  }
  return nullptr;
}

const char* Name(hosts::HostRole value) {
  switch (value) {
    case hosts::HostRole::kMirror:
      return "mirror";
    case hosts::HostRole::kServer:
      return "server";
    case hosts::HostRole::kDefault:
      return "default";
    case hosts::HostRole::kConfigured:
      return "configured";
  }
  return nullptr;
}

const char* Name(hosts::Capability value) {
  switch (value) {
    case hosts::Capability::kPull:
      return "pull";
    case hosts::Capability::kResolve:
      return "resolve";
    case hosts::Capability::kPush:
      return "push";
    case hosts::Capability::kReferrers:
      return "referrers";
  }
  return nullptr;
}

const char* Name(judge::OriginSource value) {
  switch (value) {
    case judge::OriginSource::kServer:
      return "server";
    case judge::OriginSource::kDefault:
      return "default";
    case judge::OriginSource::kConfigured:
      return "configured";
  }
  return nullptr;
}

const char* Name(judge::QueryKind value) {
  switch (value) {
    case judge::QueryKind::kTag:
      return "tag";
    case judge::QueryKind::kDigest:
      return "digest";
    case judge::QueryKind::kManifest:
      return "manifest";
    case judge::QueryKind::kConfig:
      return "config";
  }
  return nullptr;
}

}  // namespace tagdrift::record
