#pragma once

#include <string>

namespace tagdrift::hosts {

/// A finding about a registry's configuration that a person should see.
enum class NoteKind {
  kFileIgnored,            ///< hosts.toml does not parse: containerd logs one line and goes on as if it were absent
  kHostIgnored,            ///< a host that containerd never asks (inline or dotted table on 2.x; unusable URL)
  kHostListedTwice,        ///< the same host appears twice in containerd's order
  kUnknownKey,             ///< a key that containerd does not know and silently skips
  kUnknownCapability,      ///< kills the whole file
  kMirrorMayResolve,       ///< no `capabilities`: the mirror decides digests of tags
  kCertificateUnreadable,  ///< a CA or client file that makes the pull fail
  kUpstreamIsLastResort,   ///< no `server`: the registry itself stays the last host
  kUpstreamNeverAsked,     ///< `server` names another host: the registry itself is out of the list
  kTopLevelIgnored,        ///< top-level keys without `server` that have no effect
  kConfigPathNotSplit,     ///< `config_path` with `:` under the transfer service matches nothing
  kDefaultHidesRoot,       ///< `_default` of an earlier root hides a directory of a later one
  kDirectoryNeverMatches,  ///< `registry` for `registry:5000`, wrong case
  kLegacyMirrorsIgnored,   ///< registry.mirrors beside config_path, or unread by this version
  kCredentialsForMirror,   ///< credentials that containerd would offer to a mirror
  kRestartPending,         ///< config.toml changed since the running containerd read it
  kUnreadable,             ///< something could not be read: what follows from it is not known
  kLimitExceeded,          ///< a limit of tagdrift's own that containerd does not have
  kPullFails,              ///< containerd fails every pull from this registry
  kSettingsNotRead,        ///< registry settings in a place of config.toml where this containerd does not look
  kDirectoryMissing,       ///< a root of host directories that the operator named and that is not there
  kProxiesUnknown,         ///< whether containerd goes through proxies is not known
};

/// How much a finding matters to pulls from the registry, least first.
enum class Severity {
  kInfo,          ///< pulls go as the files say
  kWarning,       ///< something is not known, or not in force yet: what depends on it is undecided
  kMirrorUnused,  ///< containerd leaves a mirror unused that is written down, without failing a pull
  kPullFails,     ///< containerd fails every pull
};

Severity SeverityOf(NoteKind kind);

struct Note {
  NoteKind kind;
  std::string file;  ///< empty where no file is concerned
  int line = 0;      ///< 1-based; 0 where no line is concerned
  std::string detail;

  friend bool operator==(const Note&, const Note&) = default;
};

}  // namespace tagdrift::hosts
