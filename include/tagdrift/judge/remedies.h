#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tagdrift/facts/pods.h"

namespace tagdrift::judge {

enum class RemedyKind {
  kNone,
  kPurgeMirror,
  kFixHostsToml,
  kRefresh,
  kProvideCredentials,
  kNameOrigin,
  kWait,
  kRestartWorkload,  ///< of a container: what manages its pod
  kPinDigest,        ///< of a container: the origin's digest instead of the tag
  kSetPullPolicy,    ///< of a container
};

/// What kFixHostsToml is about.
enum class Fix {
  kAsNoted,      ///< what is written there is refused or ignored; Remedy::what says why
  kTakeResolve,  ///< `resolve` of this host: tags then come from the hosts after it, content still from it
  kTrustCa,      ///< `ca` of this host: no trusted authority has signed its certificate
};

/// One thing to do.
struct Remedy {
  RemedyKind kind = RemedyKind::kNone;
  /// The host to purge or to change, or that wants credentials. kNameOrigin: the host to compare with, nothing for the
  /// registry itself.
  std::optional<std::size_t> host;
  Fix fix = Fix::kAsNoted;
  std::string file;                 ///< kFixHostsToml; empty where no file describes the host
  int line = 0;                     ///< kFixHostsToml; 0 where no line is concerned
  std::string what;                 ///< kFixHostsToml, kAsNoted
  bool goes_back = false;           ///< kRefresh: the origin's image is proven older than the cached one
  bool is_private = false;          ///< kRefresh: the origin wants credentials for the image
  std::optional<absl::Time> until;  ///< kWait, where the registry said
  facts::PullPolicy pull_policy = facts::PullPolicy::kAlways;  ///< kSetPullPolicy

  friend bool operator==(const Remedy&, const Remedy&) = default;
};

}  // namespace tagdrift::judge
