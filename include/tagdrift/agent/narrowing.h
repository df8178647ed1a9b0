#pragma once

#include <functional>

#include "absl/status/status.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/agent/subject.h"
#include "tagdrift/report/round.h"

/// A part of a round that looked at more, judged as if only that part had been looked at.
namespace tagdrift::agent {

/// Is called once for each tag whose result is needed: those that are kept, and those that a kept container may have
/// asked for. Nothing has to be judged of the others.
using OnNeeded = std::function<void(report::JudgedTag&)>;
inline void IsJudged(report::JudgedTag&) {}

/// Keeps the tags of `round` that are selected, and the containers that may have asked for them. Errors: as Select.
absl::Status KeepSelected(const Selection& selection, report::Round& round, const OnNeeded& on_needed = IsJudged);

/// Keeps the tag, or the containers and tags of the pod, that is to be explained. Errors: as FindSubject; NotFound
/// where the round was about other tags.
absl::Status KeepSubject(const Subject& subject, report::Round& round, const OnNeeded& on_needed = IsJudged);

/// As if containers had not been looked at.
void LeaveOutContainers(report::Round& round);

}  // namespace tagdrift::agent
