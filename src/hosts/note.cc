#include "tagdrift/hosts/note.h"

namespace tagdrift::hosts {

Severity SeverityOf(NoteKind kind) {
  switch (kind) {
    case NoteKind::kFileIgnored:
    case NoteKind::kHostIgnored:
    case NoteKind::kUnknownCapability:
    case NoteKind::kConfigPathNotSplit:
    case NoteKind::kDefaultHidesRoot:
    case NoteKind::kDirectoryNeverMatches:
    case NoteKind::kLegacyMirrorsIgnored:
    case NoteKind::kSettingsNotRead:
    case NoteKind::kDirectoryMissing:
      return Severity::kMirrorUnused;
    case NoteKind::kCertificateUnreadable:
    case NoteKind::kPullFails:
      return Severity::kPullFails;
    case NoteKind::kRestartPending:
    case NoteKind::kUnreadable:
    case NoteKind::kLimitExceeded:
    case NoteKind::kProxiesUnknown:
      return Severity::kWarning;
    case NoteKind::kHostListedTwice:
    case NoteKind::kUnknownKey:
    case NoteKind::kMirrorMayResolve:
    case NoteKind::kUpstreamIsLastResort:
    case NoteKind::kUpstreamNeverAsked:
    case NoteKind::kTopLevelIgnored:
    case NoteKind::kCredentialsForMirror:
      return Severity::kInfo;
  }
  return Severity::kInfo;
}

}  // namespace tagdrift::hosts
