#pragma once

#include <string>

#include "absl/time/time.h"
#include "tagdrift/judge/plan.h"

namespace tagdrift::report {

enum class AuditEvent {
  kIntent,   ///< all that an action is going to change
  kBegun,    ///< one change, about to be made
  kDone,     ///< it was made
  kFailed,   ///< it was not
  kUnsure,   ///< it may have been made, or may still be
  kOutcome,  ///< how the action ended
};

/// One line of the audit of an action.
struct AuditRecord {
  absl::Time time;
  std::string node;
  std::string requester;   ///< "uid 0", or the name that was authenticated
  std::string request_id;  ///< the same in all lines of what was asked for at once
  judge::ActionKind action = judge::ActionKind::kRefresh;
  std::string reference;
  AuditEvent event = AuditEvent::kIntent;
  std::string change;  ///< "re-point registry.corp/app:v1 from sha256:… to sha256:…"
  std::string detail;
};

}  // namespace tagdrift::report
