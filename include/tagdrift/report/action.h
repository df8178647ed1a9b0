#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tagdrift/image/digest.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/judge/route.h"

namespace tagdrift::report {

/// How an action ended.
enum class ActionState {
  kPlanned,      ///< shown only
  kNothingToDo,  ///< the node is as wanted
  kDone,         ///< and verified
  kRefused,      ///< nothing was changed
  kRaced,        ///< somebody else changed the tag meanwhile: nothing is claimed
  kFailed,       ///< could not be done; what had been changed was put back
  kStopped,      ///< by a signal, before the tag was touched
};

/// What was done, as the node says afterwards.
struct ActionOutcome {
  ActionState state = ActionState::kPlanned;
  std::string detail;                   ///< what happened, in one sentence without a full stop
  std::vector<std::string> done;        ///< changes that were made and stand, in their order
  std::vector<std::string> undone;      ///< changes that were taken back
  std::vector<std::string> left;        ///< changes that could not be taken back
  std::vector<std::string> not_done;    ///< steps of the plan that were not taken
  std::optional<image::Digest> target;  ///< what the tag points to now; nothing: no such name, or not known
  std::int64_t bytes_pulled = 0;
};

struct ActionResult {
  judge::Plan plan;
  judge::Route route;
  ActionOutcome outcome;
  /// After a race: what would be done now.
  std::optional<judge::Plan> new_plan;
};

}  // namespace tagdrift::report
