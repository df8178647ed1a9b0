#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::judge {

enum class RemedyKind { kNone, kPurgeMirror, kFixHostsToml, kRefresh, kProvideCredentials, kNameOrigin, kWait };

/// One thing to do.
struct Remedy {
  RemedyKind kind = RemedyKind::kNone;
  std::optional<std::size_t> host;  ///< the mirror to purge, the host that wants credentials
  std::string file;                 ///< kFixHostsToml
  int line = 0;                     ///< kFixHostsToml
  std::string what;                 ///< kFixHostsToml: what is wrong there
  std::optional<absl::Time> until;  ///< kWait, where the registry said

  friend bool operator==(const Remedy&, const Remedy&) = default;
};

/// What would put the tag right, in the order to do it. kNone alone where there is nothing that can be done on this
/// node.
std::vector<Remedy> Remedies(const Route& route, const TagResult& result);

}  // namespace tagdrift::judge
